import { type FileHandle, open, readFile, stat } from "node:fs/promises";
import { DataError } from "@haps/spec";
import type { ByteSource } from "@haps/tensor";

/** Largest file of text that is read whole. */
const LARGEST_TEXT = 64 * 2 ** 20;

/** A file that stays open while it is read piece by piece. */
export interface OpenFile extends ByteSource {
  close(): Promise<void>;
}

/** Opens a file for reading; DataError code `data` where it is missing or no file. */
export async function openFile(path: string): Promise<OpenFile> {
  const handle = await openOrExplain(path);
  const { size } = await handle.stat();
  return {
    name: path,
    size,
    async read(position, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - position)));
      let done = 0;
      while (done < bytes.length) {
        const { bytesRead } = await handle.read(bytes, done, bytes.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    },
    close: () => handle.close(),
  };
}

/** A small text file, `undefined` where there is none. */
export async function readText(path: string): Promise<string | undefined> {
  const facts = await stat(path).catch(() => undefined);
  if (facts === undefined) return undefined;
  if (!facts.isFile()) throw new DataError({ file: path }, "is no file", "give a folder as Hugging Face lays it out");
  if (facts.size > LARGEST_TEXT) {
    throw new DataError({ file: path }, `has ${facts.size} bytes; expected at most ${LARGEST_TEXT}`, "fetch it again");
  }
  return readFile(path, "utf8");
}

async function openOrExplain(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    throw new DataError({ file: path }, "cannot be opened", "is the file there, and may it be read?", { cause });
  }
}
