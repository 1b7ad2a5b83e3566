import { DataError } from "@haps/spec";
import { outcomeRecordFromCsv } from "./outcome-csv.ts";
import { type OutcomeFormat, type OutcomeRecord, parseOutcomeRecord } from "./outcome-record.ts";
import { readCsv } from "./read-csv.ts";
import { parseJsonLine } from "./read-json-lines.ts";
import { readTextLines } from "./read-text-lines.ts";

/** A record, or what is wrong with it. */
export type RecordEntry =
  | { readonly line: number; readonly record: OutcomeRecord }
  | { readonly line: number; readonly problem: DataError };

/**
 * Streams the records of an outcome file; a broken record is an entry, so that a check can list them all.
 *
 * @throws DataError for what ends the reading: a missing, empty, truncated or damaged file, or a broken CSV.
 */
export async function* readOutcomeRecords(
  path: string,
  format: OutcomeFormat,
): AsyncGenerator<RecordEntry, void, undefined> {
  if (format === "csv") {
    for await (const row of readCsv(path, { columns: ["text", "score"] })) {
      yield entry(row.line, () => parseOutcomeRecord(outcomeRecordFromCsv(row, path), path, row.line));
    }
    return;
  }
  for await (const line of readTextLines(path)) {
    if (line.text.trim() === "") continue;
    yield entry(line.number, () => parseOutcomeRecord(parseJsonLine(path, line), path, line.number));
  }
}

function entry(line: number, read: () => OutcomeRecord): RecordEntry {
  try {
    return { line, record: read() };
  } catch (error) {
    if (error instanceof DataError) return { line, problem: error };
    throw error;
  }
}

/**
 * The format that a file name says: `.jsonl`, `.ndjson`, `.csv`, each also with `.gz`.
 *
 * @throws DataError for other names.
 */
export function outcomeFormat(path: string): OutcomeFormat {
  const name = path.toLowerCase().replace(/\.gz$/, "");
  if (name.endsWith(".csv")) return "csv";
  if (name.endsWith(".jsonl") || name.endsWith(".ndjson")) return "jsonl";
  throw new DataError(
    { file: path },
    "the name does not say the format",
    "expected .jsonl, .ndjson or .csv (also with .gz), or give the option `format`",
  );
}
