import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Every file below a folder that ends in `extension`, sorted, as absolute paths; nothing where the folder is missing. */
export function filesUnder(folder: string, extension = ""): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesUnder(path, extension);
      return entry.name.endsWith(extension) ? [path] : [];
    });
}
