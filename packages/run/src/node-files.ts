import { appendFile, link, mkdir, open, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import type { FileSystemPort } from "./file-system-port.ts";

/**
 * The file system of Node.
 *
 * Folders cannot be synced on Windows; there `sync` of a folder does nothing.
 */
export const nodeFiles: FileSystemPort = {
  read: (path) => missingAsNull(readFile(path)),
  write: (path, bytes) => writeFile(path, bytes),
  append: (path, bytes) => appendFile(path, bytes),
  truncate: (path, size) => truncate(path, size),
  rename: (from, to) => rename(from, to),
  createExclusive,
  list: async (folder) => {
    const entries = await missingAsNull(readdir(folder, { withFileTypes: true }));
    if (entries === null) return null;
    return entries
      .map((entry) => ({ name: entry.name, kind: entry.isDirectory() ? ("folder" as const) : ("file" as const) }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  },
  makeFolder: async (folder) => {
    await mkdir(folder, { recursive: true });
  },
  remove: (path) => rm(path, { recursive: true, force: true }),
  sync,
};

/** A hard link appears with its whole content at once; an exclusive open would show an empty file for a moment. */
async function createExclusive(path: string, bytes: Uint8Array): Promise<boolean> {
  const aside = `${path}.${process.pid}.tmp`;
  await writeFile(aside, bytes);
  try {
    await link(aside, path);
    return true;
  } catch (error) {
    // ENOENT: whoever holds the name cleaned the leftover away.
    if (codeOf(error) === "EEXIST" || codeOf(error) === "ENOENT") return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(codeOf(error) ?? "")) throw error;
    return await createWithoutLinks(path, bytes);
  } finally {
    await rm(aside, { force: true });
  }
}

async function createWithoutLinks(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await writeFile(path, bytes, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function sync(path: string): Promise<void> {
  try {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (process.platform === "win32" && ["EPERM", "EISDIR", "EACCES"].includes(codeOf(error) ?? "")) return;
    throw error;
  }
}

async function missingAsNull<Value>(pending: Promise<Value>): Promise<Value | null> {
  try {
    return await pending;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : undefined;
}
