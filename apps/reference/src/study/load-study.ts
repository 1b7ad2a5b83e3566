import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { closestName, DataError, parseConfig } from "@haps/spec";
import { UsageError } from "../usage-error.ts";
import { type StudyConfig, studyConfigSchema } from "./study-config.ts";

/** Folder of the studies that come with the command, in a checkout. */
export function studiesFolder(root: string): string {
  return join(root, "apps/reference/studies");
}

/** Names of the studies that come with the command. */
export function studyNames(root: string): readonly string[] {
  return readdirSync(studiesFolder(root))
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length))
    .sort();
}

/**
 * Reads a study by its name, or from a file of one's own.
 *
 * @throws UsageError for an unknown name; DataError for a file that is no JSON; ConfigError naming every field that is wrong.
 */
export function loadStudy(root: string, nameOrFile: string): StudyConfig {
  const own = nameOrFile.endsWith(".json");
  const file = own ? nameOrFile : join(studiesFolder(root), `${nameOrFile}.json`);
  if (!existsSync(file)) {
    const names = studyNames(root);
    const near = closestName(nameOrFile, names);
    const hint = near === undefined ? "" : `; did you mean "${near}"?`;
    throw new UsageError(
      own ? `no file at ${file}` : `there is no study "${nameOrFile}"${hint} Studies: ${names.join(", ")}; or give a .json file`,
    );
  }
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new DataError({ file }, "is no JSON", "correct the file", { cause });
  }
  return parseConfig(`study ${nameOrFile}`, studyConfigSchema, content);
}
