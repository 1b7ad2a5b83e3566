import type { FileSystemPort } from "./file-system-port.ts";

/** Ending of files and folders that are being written; whatever carries it is a leftover once its writer is gone. */
export const LEFTOVER_ENDING = ".tmp";

/**
 * Writes a file so that a reader, also one after a kill, sees the old content or the new, never a part.
 *
 * Written aside, synced, renamed over the old one; then the folder is synced.
 *
 * @param path - Its folder must exist.
 */
export async function writeFileAtomic(files: FileSystemPort, path: string, bytes: Uint8Array): Promise<void> {
  const aside = `${path}${LEFTOVER_ENDING}`;
  await files.write(aside, bytes);
  await files.sync(aside);
  await files.rename(aside, path);
  await files.sync(folderOf(path));
}

/** The folder of a path; `.` for a bare name. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}

/** Removes what killed writers left behind, at every depth. */
export async function removeLeftovers(files: FileSystemPort, folder: string): Promise<void> {
  for (const entry of (await files.list(folder)) ?? []) {
    const path = `${folder}/${entry.name}`;
    if (entry.name.endsWith(LEFTOVER_ENDING)) await files.remove(path);
    else if (entry.kind === "folder") await removeLeftovers(files, path);
  }
}
