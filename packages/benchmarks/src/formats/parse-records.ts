import { DataError, quoteValue } from "@haps/spec";
import type { z } from "zod";

/** Parses a JSON array or JSON Lines, and checks every record. */
export function parseRecords<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  file: string,
): readonly z.output<Schema>[] {
  return recordsOf(text, file).map(({ value, line }) => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    const field = issue?.path.map(String).join(".") ?? "";
    throw new DataError(
      { file, line, ...(field === "" ? {} : { field }) },
      `got ${quoteValue(value)}`,
      issue?.message ?? "",
    );
  });
}

/** The values with their lines; the records of an array are counted instead, since JSON knows no lines. */
function recordsOf(text: string, file: string): readonly { readonly value: unknown; readonly line: number }[] {
  if (text.trimStart().startsWith("[")) {
    const values = parseJson(text, file, 1);
    return (Array.isArray(values) ? (values as readonly unknown[]) : []).map((value, index) => ({
      value,
      line: index + 1,
    }));
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
