import { DataError, quoteValue } from "@haps/spec";
import type { z } from "zod";

/** A value and where it stands. */
export interface NumberedRecord {
  readonly value: unknown;
  /** Line, or number of the record where lines mean nothing, from 1. */
  readonly line: number;
}

/** Checks every record. */
export function checkRecords<Schema extends z.ZodType>(
  records: readonly NumberedRecord[],
  schema: Schema,
  file: string,
): readonly z.output<Schema>[] {
  return records.map(({ value, line }) => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    const field = issue?.path.map(String).join(".") ?? "";
    const location = { file, line, ...(field === "" ? {} : { field }) };
    throw new DataError(location, `got ${quoteValue(value)}`, issue?.message ?? "expected a question");
  });
}

/** The values of a JSON array or of JSON Lines. */
export function readJsonRecords(text: string, file: string): readonly NumberedRecord[] {
  if (text.trimStart().startsWith("[")) {
    const values = parseJson(text, file, 1);
    const list = Array.isArray(values) ? (values as readonly unknown[]) : [values];
    return list.map((value, index) => ({ value, line: index + 1 }));
  }
  return text.split("\n").flatMap((line, index) => {
    return line.trim() === "" ? [] : [{ value: parseJson(line, file, index + 1), line: index + 1 }];
  });
}

function parseJson(text: string, file: string, line: number): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new DataError({ file, line }, `no JSON: ${quoteValue(text)}`, "expected a JSON array or one object a line", {
      cause,
    });
  }
}
