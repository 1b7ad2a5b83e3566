import { HapsError, ShapeError } from "@haps/spec";
import type { NamedArray } from "../variables.ts";
import { BYTES_PER_NUMBER, type SafetensorsDtype } from "./dtype.ts";
import { toBfloat16, toFloat16 } from "./half-precision.ts";
import { malformed } from "./malformed.ts";
import { assertPlainName, LARGEST_HEADER, LENGTH_BYTES } from "./parse-header.ts";

/** Options of {@link writeSafetensors}. */
export interface WriteSafetensorsOptions {
  /** Text to keep in the file, by key. Default none. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** How every number is stored; the halves are rounded to the nearest, ties to even. Default `f32`. */
  readonly dtype?: SafetensorsDtype;
}

const OPERATION = "writeSafetensors";

/**
 * Writes arrays in the safetensors format; the same arrays give the same bytes, whatever their order.
 *
 * Names are sorted by their UTF-16 code units, and the header is padded with spaces so that the data begins at a multiple of 8.
 *
 * @param arrays - Borrowed; NaN and infinities are written as they are.
 * @returns The whole file.
 * @throws ShapeError code `shape` when an array does not fill its shape; HapsError code `non-finite` for a finite number that the
 *   dtype cannot hold; DataError code `data` for a name that {@link readSafetensors} refuses, metadata that is no text, or a header
 *   above 100 MB.
 *
 * @example
 * ```ts
 * const arrays = new Map([["weight", { shape: [1, 2], values: Float32Array.of(0.1, 2) }]]);
 * const bytes = writeSafetensors(arrays, { dtype: "bf16", metadata: { format: "haps" } });
 * console.assert(readSafetensors(bytes).arrays.get("weight")?.values[0] === 0.10009765625);
 * ```
 */
export function writeSafetensors(
  arrays: ReadonlyMap<string, NamedArray>,
  options: WriteSafetensorsOptions = {},
): Uint8Array {
  const { dtype = "f32", metadata = {} } = options;
  const names = [...arrays.keys()].sort();
  const fields = metadataFields(metadata);
  let size = 0;
  for (const name of names) {
    const { shape, values } = checkedArray(arrays, name);
    const end = size + values.length * BYTES_PER_NUMBER[dtype];
    const entry = { dtype: dtype.toUpperCase(), shape, data_offsets: [size, end] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    size = end;
  }
  const header = encodeHeader(fields);
  const bytes = new Uint8Array(LENGTH_BYTES + header.length + size);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, LENGTH_BYTES);
  let position = LENGTH_BYTES + header.length;
  for (const name of names) {
    const { values } = arrays.get(name) as NamedArray;
    writeNumbers(view, position, values, { name, dtype });
    position += values.length * BYTES_PER_NUMBER[dtype];
  }
  return bytes;
}

function metadataFields(metadata: Readonly<Record<string, string>>): string[] {
  const keys = Object.keys(metadata).sort();
  if (keys.length === 0) return [];
  const pairs = keys.map((key) => {
    const place = { source: OPERATION, tensor: "__metadata__" };
    assertPlainName(key, place);
    const text: unknown = metadata[key];
    if (typeof text === "string" && !/\p{Surrogate}/u.test(text))
      return `${JSON.stringify(key)}:${JSON.stringify(text)}`;
    throw malformed(place, `the value of ${JSON.stringify(key)} is no well-formed text`, "turn it into a string");
  });
  return [`"__metadata__":{${pairs.join()}}`];
}

function checkedArray(arrays: ReadonlyMap<string, NamedArray>, name: string): NamedArray {
  const place = { source: OPERATION, tensor: name };
  if (name === "__metadata__") {
    throw malformed(place, "the format keeps this name for its metadata", "rename the array");
  }
  assertPlainName(name, place);
  const array = arrays.get(name) as NamedArray;
  const size = array.shape.reduce((product, length) => product * length, 1);
  const whole = array.shape.every((length) => Number.isSafeInteger(length) && length >= 0);
  if (whole && size === array.values.length) return array;
  throw new ShapeError(
    OPERATION,
    `the array of "${name}"`,
    `the shape of its ${array.values.length} values`,
    array.shape,
  );
}

function encodeHeader(fields: readonly string[]): Uint8Array {
  const text = new TextEncoder().encode(`{${fields.join()}}`);
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  padded.set(text);
  if (padded.length <= LARGEST_HEADER) return padded;
  const problem = `the header would have ${padded.length} bytes; at most ${LARGEST_HEADER} are allowed`;
  throw malformed({ source: OPERATION }, problem, "write fewer or shorter names, or less metadata");
}

interface Destination {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
}

function writeNumbers(view: DataView, position: number, values: Float32Array, { name, dtype }: Destination): void {
  if (dtype === "f32") {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let index = 0; index < bits.length; index += 1) {
      view.setUint32(position + 4 * index, bits[index] as number, true);
    }
    return;
  }
  const words = dtype === "f16" ? toFloat16(values) : toBfloat16(values);
  const infinity = dtype === "f16" ? 0x7c00 : 0x7f80;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as number;
    if ((word & 0x7fff) === infinity && Number.isFinite(values[index])) {
      throw new HapsError(
        "non-finite",
        `${OPERATION}: number ${index} of "${name}" is ${values[index]}, beyond the range of ${dtype}; write f32 instead`,
        { name, index, value: values[index], dtype },
      );
    }
    view.setUint16(position + 2 * index, word, true);
  }
}
