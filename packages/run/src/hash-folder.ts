import { createHash } from "node:crypto";
import type { FileSystemPort } from "./file-system-port.ts";
import { nodeFiles } from "./node-files.ts";
import { LOCK_FILE, TIMINGS_FILE } from "./run-layout.ts";

/** What {@link hashFolder} leaves out and reads with. */
export interface HashFolderOptions {
  /** Paths relative to the folder. Default: the lock and the timings, which may differ between equal runs. */
  readonly exclude?: readonly string[];
  /** Default: the file system of Node. */
  readonly files?: FileSystemPort;
}

/**
 * SHA-256 over the names and bytes of all files under a folder: equal for two runs that ended in the same bytes.
 *
 * Each file adds `<relative path> NUL <length> NUL <bytes>`, in the order of the paths. Empty folders do not count.
 */
export async function hashFolder(folder: string, options: HashFolderOptions = {}): Promise<string> {
  const { exclude = [LOCK_FILE, TIMINGS_FILE], files = nodeFiles } = options;
  const hash = createHash("sha256");
  for (const path of (await filesUnder(files, folder, "")).sort()) {
    if (exclude.includes(path)) continue;
    const bytes = (await files.read(`${folder}/${path}`)) ?? new Uint8Array();
    hash.update(`${path}\0${bytes.byteLength}\0`);
    hash.update(bytes);
  }
  return hash.digest("hex");
}

async function filesUnder(files: FileSystemPort, folder: string, prefix: string): Promise<string[]> {
  const paths: string[] = [];
  for (const { name, kind } of (await files.list(folder)) ?? []) {
    if (kind === "file") paths.push(`${prefix}${name}`);
    else paths.push(...(await filesUnder(files, `${folder}/${name}`, `${prefix}${name}/`)));
  }
  return paths;
}
