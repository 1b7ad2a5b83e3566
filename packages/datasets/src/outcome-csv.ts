import { DataError, quoteValue } from "@haps/spec";
import { isDecimal, numberField } from "./number-field.ts";
import type { CsvRow } from "./read-csv.ts";

const NUMBERS: readonly string[] = ["score", "cost", "tokens", "latency", "samples", "propensity"];
const JSON_COLUMNS: readonly string[] = ["settings", "arm", "context", "halves", "labels"];
/** Column prefix to the record field that it fills. */
const PREFIXES = ["settings", "labels"] as const;

/**
 * Turns a CSV row into a record of the generic outcome format.
 *
 * An empty cell is an absent field, an empty `score` a cell that was not run. `settings`, `arm`, `context`, `halves`
 * and `labels` hold JSON; `settings.NAME` and `labels.NAME` hold plain values, where a setting that looks like a
 * number is one.
 *
 * @throws DataError for text in a number column and broken JSON.
 */
export function outcomeRecordFromCsv(row: CsvRow, file: string): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  const nested: Record<string, Record<string, unknown>> = {};
  for (const [column, text] of Object.entries(row.fields)) {
    const location = { file, line: row.line, field: column };
    const prefix = PREFIXES.find((name) => column.startsWith(`${name}.`));
    if (text === "" && column !== "text") {
      if (column === "score") record.score = null;
    } else if (prefix !== undefined) {
      const value = prefix === "settings" && isDecimal(text) ? Number(text) : text;
      nested[prefix] = { ...nested[prefix], [column.slice(prefix.length + 1)]: value };
    } else if (NUMBERS.includes(column)) {
      record[column] = numberField(text, location);
    } else if (JSON_COLUMNS.includes(column)) {
      record[column] = parseCell(text, location);
    } else {
      record[column] = text;
    }
  }
  for (const [name, values] of Object.entries(nested)) {
    const whole: unknown = record[name];
    record[name] = typeof whole === "object" && whole !== null ? { ...whole, ...values } : values;
  }
  return record;
}

function parseCell(text: string, location: { file: string; line: number; field: string }): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(location, `${quoteValue(text)} is not JSON`, 'write JSON such as {"temperature":0.5}', {
      cause: error,
    });
  }
}
