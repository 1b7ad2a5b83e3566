import { DataError } from "@haps/spec";
import { readTextLines, type TextLine } from "./read-text-lines.ts";

/** One JSON value with the line that it came from. */
export interface JsonLine {
  /** 1-based. */
  readonly line: number;
  readonly value: unknown;
}

/**
 * Streams a JSON Lines file, plain or gzipped.
 *
 * Lines end at line feeds only, so texts may hold U+2028 and U+2029. Lines of white space hold no record and are
 * passed over.
 *
 * @throws DataError naming file and line: missing, empty, truncated or damaged file, broken JSON, and a torn last
 * line (broken JSON that no line feed ends: a writer was stopped in the middle).
 */
export async function* readJsonLines(path: string): AsyncGenerator<JsonLine, void, undefined> {
  for await (const line of readTextLines(path)) {
    if (line.text.trim() === "") continue;
    yield { line: line.number, value: parseJsonLine(path, line) };
  }
}

/** @throws DataError for a line that is not JSON. */
export function parseJsonLine(path: string, { number: line, text, terminated }: TextLine): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 120) : "not JSON";
    if (terminated) {
      throw new DataError({ file: path, line }, `the line is not JSON (${reason})`, "write one JSON value per line", {
        cause: error,
      });
    }
    throw new DataError(
      { file: path, line },
      `the last line is torn: it is not JSON and no line feed ends it (${reason})`,
      "delete this line or let the writer finish",
      { cause: error },
    );
  }
}
