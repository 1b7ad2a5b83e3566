import { DataError, quoteValue } from "@haps/spec";

/** Parses the text of a file; DataError code `data` naming it. */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const problem = `is not JSON: ${(cause as Error).message}`;
    throw new DataError({ file }, problem, "it may be cut off or a pointer of Git LFS; fetch it again", { cause });
  }
}

/** Parses the text of a file that holds an object; DataError code `data` naming it. */
export function parseJsonObject(text: string, file: string): Readonly<Record<string, unknown>> {
  const value = parseJson(text, file);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new DataError({ file }, `holds ${quoteValue(value)}`, "expected an object; fetch the file again");
}
