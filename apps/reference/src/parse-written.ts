import { DataError } from "@haps/spec";
import type { z } from "zod";

/**
 * Checks what this program wrote earlier. A wrong value was damaged and not mistyped: it is a fault of the file.
 *
 * @throws DataError naming the file and the first wrong field.
 */
export function parseWritten<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  { file, advice }: { readonly file: string; readonly advice: string },
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join(".") ?? "";
  const location = { file, ...(field === "" ? {} : { field }) };
  throw new DataError(location, `is damaged (${issue?.message ?? "unknown problem"})`, advice, { cause: parsed.error });
}
