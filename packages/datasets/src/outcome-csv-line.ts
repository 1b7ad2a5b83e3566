/** Columns of the generic outcome format as CSV, for tables with one role. */
export const OUTCOME_CSV_COLUMNS = [
  "id",
  "text",
  "context",
  "split",
  "labels",
  "candidate",
  "settings",
  "score",
  "samples",
  "cost",
  "currency",
  "halves",
  "propensity",
] as const;

/**
 * One CSV line without its end: absent fields are empty, lists and objects JSON, and a field is quoted where RFC 4180
 * needs it.
 *
 * @param record - Fields of the generic outcome format by name.
 */
export function outcomeCsvLine(record: Readonly<Record<string, unknown>>, columns: readonly string[]): string {
  return columns.map((column) => csvField(record[column])).join(",");
}

function csvField(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
