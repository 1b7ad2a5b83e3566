import { canonicalJson, DataError, HapsError } from "@haps/spec";

/** A value as indented JSON with sorted keys and a final newline: equal values give equal bytes. */
export function encodeJson(operation: string, value: unknown): Uint8Array {
  return encode(`${JSON.stringify(JSON.parse(canonical(operation, value)), null, 2)}\n`);
}

/** A value as one line of JSON with sorted keys. */
export function encodeJsonLine(operation: string, value: unknown): Uint8Array {
  return encode(`${canonical(operation, value)}\n`);
}

/**
 * Reads JSON.
 *
 * @throws DataError naming the file.
 */
export function decodeJson(path: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new DataError({ file: path }, "it is not JSON", "remove the run folder or restore the file", {
      cause: error,
    });
  }
}

function canonical(operation: string, value: unknown): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    throw new HapsError(
      "non-finite",
      `${operation}: a number has no JSON form; expected finite numbers; write null where there is no value`,
      {},
      { cause: error },
    );
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
