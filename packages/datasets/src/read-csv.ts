import { closestName, DataError, type DataLocation, quoteValue } from "@haps/spec";
import { CsvRecord } from "./csv-record.ts";
import { readTextLines } from "./read-text-lines.ts";

/** One record of a CSV file. */
export interface CsvRow {
  /** 1-based line on which the record begins; the header, too, counts. */
  readonly line: number;
  /** Column name to text, in the order of the header. */
  readonly fields: Readonly<Record<string, string>>;
}

/** What a CSV file must look like. */
export interface CsvOptions {
  /** Columns that must be there. Default: none. */
  readonly columns?: readonly string[];
}

/**
 * Streams a CSV file with a header (RFC 4180: commas, double quotes), plain or gzipped, with `\n` or `\r\n` line ends.
 * Blank lines between records are passed over.
 *
 * @throws DataError naming file, line and field: missing, empty, truncated or damaged file, missing column (with the
 * nearest name), duplicate or empty column name, wrong number of fields, broken quoting.
 */
export async function* readCsv(path: string, options: CsvOptions = {}): AsyncGenerator<CsvRow, void, undefined> {
  let header: readonly string[] | undefined;
  for await (const { line, fields } of readRecords(path)) {
    if (header === undefined) header = checkHeader({ file: path, line }, fields, options.columns ?? []);
    else yield { line, fields: toFields({ file: path, line }, header, fields) };
  }
  if (header === undefined) {
    throw new DataError({ file: path }, "the file holds only blank lines", "expected a header line and records");
  }
}

interface RawRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

async function* readRecords(path: string): AsyncGenerator<RawRecord, void, undefined> {
  let record = new CsvRecord();
  let line = 1;
  for await (const { number, text } of readTextLines(path)) {
    if (!record.isOpen) {
      if (text === "" || text === "\r") continue;
      record = new CsvRecord();
      line = number;
    }
    const wrong = record.append(text);
    if (wrong !== undefined) throw new DataError({ file: path, line }, wrong.problem, wrong.advice);
    if (!record.isOpen) yield { line, fields: record.fields };
  }
  if (!record.isOpen) return;
  const problem = `field ${record.fields.length + 1} opens a quote that the file never closes`;
  throw new DataError({ file: path, line }, problem, 'close it, and write quotes inside quoted fields twice: ""');
}

function checkHeader(
  location: DataLocation,
  header: readonly string[],
  required: readonly string[],
): readonly string[] {
  const seen = new Set<string>();
  header.forEach((name, index) => {
    if (name.trim() === "") {
      const problem = `column ${index + 1} of the header has no name`;
      throw new DataError(location, problem, "name every column");
    }
    if (seen.has(name)) {
      throw new DataError({ ...location, field: name }, "the header names it twice", "rename or remove one");
    }
    seen.add(name);
  });
  for (const name of required) {
    if (seen.has(name)) continue;
    const near = closestName(name, header);
    const advice = near === undefined ? "add the column" : `rename ${quoteValue(near)}?`;
    const problem = `the column is missing; the header has ${header.map((column) => quoteValue(column)).join(", ")}`;
    throw new DataError({ ...location, field: name }, problem.slice(0, 400), advice);
  }
  return header;
}

function toFields(location: DataLocation, header: readonly string[], record: readonly string[]): CsvRow["fields"] {
  if (record.length !== header.length) {
    const problem = `the record has ${record.length} fields, the header ${header.length}`;
    const torn = "quote fields that hold commas or line ends; if this is the last line, it may be torn";
    throw new DataError(location, problem, torn);
  }
  return Object.fromEntries(header.map((name, index) => [name, record[index] ?? ""]));
}
