import { type FileHandle, open, readFile, stat } from "node:fs/promises";
import { DataError } from "@haps/spec";
import type { ByteSource } from "@haps/tensor";

/** Largest file of text that is read whole, unless more is allowed. */
const LARGEST_TEXT = 16 * 2 ** 20;

/** Most bytes that one read asks for; the system takes less than 2 GiB. */
const LARGEST_READ = 2 ** 30;

/** A file that stays open while it is read piece by piece. */
export interface OpenFile extends ByteSource {
  close(): Promise<void>;
}

/** Opens a file for reading; DataError code `data` where it is missing or no file. */
export async function openFile(path: string): Promise<OpenFile> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  // Opening a pipe would wait for whoever writes into it.
  if (!facts.isFile()) throw noFile(path);
  const handle = await open(path, "r").catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  return {
    name: path,
    size: facts.size,
    read: (position, length) => readBytes(handle, path, position, Math.max(0, Math.min(length, facts.size - position))),
    close: () => handle.close(),
  };
}

/** A text file of at most `most` bytes, `undefined` where there is none. */
export async function readText(path: string, most = LARGEST_TEXT): Promise<string | undefined> {
  const facts = await stat(path).catch((cause: unknown) => {
    if (isMissing(cause)) return undefined;
    throw unreadable(path, cause);
  });
  if (facts === undefined) return undefined;
  if (!facts.isFile()) throw noFile(path);
  if (facts.size > most) {
    throw new DataError({ file: path }, `has ${facts.size} bytes; expected at most ${most}`, "fetch it again");
  }
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

/** Fewer bytes than asked for where the file has become shorter. */
async function readBytes(handle: FileHandle, path: string, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  try {
    while (done < length) {
      const wanted = Math.min(length - done, LARGEST_READ);
      const { bytesRead } = await handle.read(bytes, done, wanted, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
  return bytes.subarray(0, done);
}

function isMissing(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

function unreadable(path: string, cause: unknown): DataError {
  if (isMissing(cause)) {
    return new DataError({ file: path }, "is missing", "give a model folder as Hugging Face lays it out", { cause });
  }
  const problem = `cannot be read: ${(cause as Error).message}`;
  return new DataError({ file: path }, problem, "check the name, the file's permissions and the disk", { cause });
}

function noFile(path: string): DataError {
  return new DataError({ file: path }, "is no file", "give a model folder as Hugging Face lays it out");
}
