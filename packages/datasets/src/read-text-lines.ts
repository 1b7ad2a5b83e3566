import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { DataError } from "@haps/spec";

/** One line of a text file, without its line feed. */
export interface TextLine {
  /** 1-based. */
  readonly number: number;
  readonly text: string;
  /** False for a last line that no line feed ends. */
  readonly terminated: boolean;
}

/** Longest line that is read; longer ones are most likely not lines of text. */
const MAXIMUM_LINE_BYTES = 64 * 1024 * 1024;
const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = "\uFEFF";

/**
 * Streams the lines of a UTF-8 file, plain or gzipped (told apart by their first bytes, never by the name).
 *
 * Lines end at line feeds only: U+2028, U+2029 and lone carriage returns are ordinary text. A byte order mark is
 * removed. Memory is bounded by the longest line.
 *
 * @throws DataError for a missing or unreadable file, an empty one, a truncated or damaged gzip, bytes that are not
 * UTF-8, and a line above 64 MiB.
 */
export async function* readTextLines(path: string): AsyncGenerator<TextLine, void, undefined> {
  const stream = await openBytes(path);
  let number = 0;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const finish = (terminated: boolean): TextLine => {
    number += 1;
    const line = decodeLine(path, number, pending.length === 1 ? (pending[0] as Buffer) : Buffer.concat(pending));
    pending = [];
    pendingBytes = 0;
    return { number, text: line, terminated };
  };
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
        pending.push(chunk.subarray(start, end));
        start = end + 1;
        yield finish(true);
      }
      pending.push(chunk.subarray(start));
      pendingBytes += chunk.length - start;
      if (pendingBytes > MAXIMUM_LINE_BYTES) throw lineTooLong(path, number + 1);
    }
    if (pendingBytes > 0) yield finish(false);
  } catch (error) {
    throw streamError(path, number, error);
  } finally {
    stream.destroy();
  }
  if (number === 0) {
    throw new DataError({ file: path }, "the file is empty", "expected at least one record; write the file again");
  }
}

async function openBytes(path: string): Promise<Readable> {
  const magic = Buffer.alloc(2);
  try {
    const handle = await open(path, "r");
    try {
      await handle.read(magic, 0, 2, 0);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw streamError(path, 0, error);
  }
  const source = createReadStream(path);
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return source;
  // The callback is needed by `pipeline`; the error itself reaches the reader through the destroyed stream.
  return pipeline(source, createGunzip(), () => {});
}

function decodeLine(path: string, number: number, bytes: Buffer): string {
  if (number === 1 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))) {
    throw new DataError({ file: path, line: 1 }, "the file is UTF-16", "save it as UTF-8");
  }
  if (!isUtf8(bytes)) {
    throw new DataError({ file: path, line: number }, "the line is not valid UTF-8", "save the file as UTF-8");
  }
  const text = bytes.toString("utf8");
  return number === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

function lineTooLong(path: string, line: number): DataError {
  return new DataError(
    { file: path, line },
    `the line has more than ${MAXIMUM_LINE_BYTES} bytes`,
    "write one record per line, ended by a line feed",
  );
}

function streamError(path: string, lines: number, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DataError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  const options = { cause: error };
  if (code === "ENOENT") return new DataError({ file: path }, "no such file", "check the path", options);
  if (code === "EISDIR") {
    return new DataError({ file: path }, "this is a folder", "name a file inside it", options);
  }
  if (code === "EACCES" || code === "EPERM") {
    return new DataError({ file: path }, "no permission to read it", "change the file's permissions", options);
  }
  if (code === "Z_BUF_ERROR") {
    const problem = `the gzip data ends early, after ${lines} whole lines`;
    return new DataError({ file: path, line: lines + 1 }, problem, "fetch or write the file again", options);
  }
  if (code.startsWith("Z_")) {
    const problem = `the gzip data is damaged (${error.message})`;
    return new DataError({ file: path, line: lines + 1 }, problem, "fetch or write the file again", options);
  }
  return error;
}
