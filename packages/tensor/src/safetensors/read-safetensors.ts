import type { NamedArray } from "../variables.ts";
import { parseHeader } from "./parse-header.ts";
import { readNumbers } from "./read-numbers.ts";

/** What {@link readSafetensors} found. */
export interface SafetensorsContent {
  /** Copies, in the order of the file's data; they share nothing with the bytes. */
  readonly arrays: ReadonlyMap<string, NamedArray>;
  /** The file's `__metadata__`; empty where there is none. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Options of {@link readSafetensors}. */
export interface ReadSafetensorsOptions {
  /** Names the origin of the bytes in errors, such as the file. Default `safetensors bytes`. */
  readonly source?: string;
}

/**
 * Reads a file in the safetensors format; every number becomes a float32.
 *
 * `F32`, `F16` and `BF16` are read, exactly; NaN and infinities pass. All of the header is checked before the first number is
 * copied, so that a file takes at most three times its own size of memory.
 *
 * @param bytes - The whole file; borrowed.
 * @throws DataError code `data`, naming the source and the tensor, for anything that breaks the format: a length or a header that
 *   does not fit the file or is above 100 MB, no UTF-8, no JSON, keys given twice, unknown dtypes, shapes or offsets that are no
 *   whole numbers, tensors that overlap or do not cover the data, metadata that is no text, a name `__proto__`; and for the other
 *   dtypes of the format, which are not supported.
 *
 * Source: the format's description and reference implementation, github.com/huggingface/safetensors. Deviation: unknown fields of
 * a tensor are refused.
 *
 * @example
 * ```ts
 * const bytes = writeSafetensors(new Map([["bias", { shape: [2], values: Float32Array.of(1, -2) }]]));
 * const { arrays } = readSafetensors(bytes, { source: "model.safetensors" });
 * console.assert(arrays.get("bias")?.values.join() === "1,-2");
 * ```
 */
export function readSafetensors(bytes: Uint8Array, options: ReadSafetensorsOptions = {}): SafetensorsContent {
  const { entries, metadata, dataStart } = parseHeader(bytes, options.source ?? "safetensors bytes");
  const view = new DataView(bytes.buffer, bytes.byteOffset + dataStart, bytes.length - dataStart);
  const arrays = new Map<string, NamedArray>();
  for (const { name, dtype, shape, begin, end } of entries) {
    arrays.set(name, { shape, values: readNumbers(view, dtype, begin, end) });
  }
  return { arrays, metadata };
}
