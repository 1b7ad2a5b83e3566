import { pipeline, Readable } from "node:stream";
import { closestName, DataError, quoteValue } from "@haps/spec";
import { CsvError, parse } from "csv-parse";
import { readTextLines } from "./read-text-lines.ts";

/** One record of a CSV file. */
export interface CsvRow {
  /** 1-based line on which the record begins; the header begins on line 1. */
  readonly line: number;
  /** Column name to text, in the order of the header. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What a CSV file must look like. */
export interface CsvOptions {
  /** Columns that must be there. Default: none. */
  readonly columns?: readonly string[];
}

const CHUNK_CHARACTERS = 64 * 1024;

/**
 * Streams a CSV file with a header (RFC 4180: commas, double quotes), plain or gzipped, with `\n` or `\r\n` line ends.
 *
 * @throws DataError naming file, line and field: missing, empty, truncated or damaged file, missing column (with the
 * nearest name), duplicate or empty column name, wrong column count, broken quoting.
 */
export async function* readCsv(path: string, options: CsvOptions = {}): AsyncGenerator<CsvRow, void, undefined> {
  const parser = parse({
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ["\r\n", "\n"],
  });
  // The callback is needed by `pipeline`; the error itself reaches the loop through the destroyed parser.
  pipeline(Readable.from(chunks(path)), parser, () => {});
  let header: readonly string[] | undefined;
  let line = 1;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (header === undefined) header = checkHeader(path, record, options.columns ?? []);
      else yield { line, fields: toFields(path, line, header, record) };
      line = info.lines + 1;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const problem = `the CSV is broken (${error.message.slice(0, 120)})`;
    throw new DataError({ file: path, line }, problem, 'write quotes inside quoted fields twice: ""', { cause: error });
  } finally {
    parser.destroy();
  }
  if (header === undefined) {
    throw new DataError({ file: path }, "the file holds only blank lines", "expected a header line and records");
  }
}

async function* chunks(path: string): AsyncGenerator<string, void, undefined> {
  let chunk = "";
  for await (const { text, terminated } of readTextLines(path)) {
    chunk += terminated ? `${text}\n` : text;
    if (chunk.length >= CHUNK_CHARACTERS) {
      yield chunk;
      chunk = "";
    }
  }
  if (chunk !== "") yield chunk;
}

function checkHeader(path: string, header: readonly string[], required: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  header.forEach((name, index) => {
    if (name.trim() === "") {
      const problem = `column ${index + 1} of the header has no name`;
      throw new DataError({ file: path, line: 1 }, problem, "name every column");
    }
    if (seen.has(name)) {
      throw new DataError({ file: path, line: 1, field: name }, "the header names it twice", "rename or remove one");
    }
    seen.add(name);
  });
  for (const name of required) {
    if (seen.has(name)) continue;
    const near = closestName(name, header);
    const advice = near === undefined ? "add the column" : `rename ${quoteValue(near)}?`;
    const problem = `the column is missing; the header has ${header.map((column) => quoteValue(column)).join(", ")}`;
    throw new DataError({ file: path, line: 1, field: name }, problem.slice(0, 400), advice);
  }
  return header;
}

function toFields(path: string, line: number, header: readonly string[], record: readonly string[]): CsvRow["fields"] {
  if (record.length !== header.length) {
    const problem = `the record has ${record.length} fields, the header ${header.length}`;
    const torn = "quote fields that hold commas or line ends; if this is the last line, it may be torn";
    throw new DataError({ file: path, line }, problem, torn);
  }
  return Object.fromEntries(header.map((name, index) => [name, record[index] ?? ""]));
}
