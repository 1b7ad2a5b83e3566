import type { NamedArray } from "../variables.ts";
import type { SafetensorsDtype } from "./dtype.ts";
import { malformed } from "./malformed.ts";
import { headerEnd, LENGTH_BYTES, parseHeader, type TensorEntry } from "./parse-header.ts";
import { readNumbers } from "./read-numbers.ts";

/** Somewhere that bytes can be read from piece by piece, such as an open file. */
export interface ByteSource {
  /** Names the origin in errors. */
  readonly name: string;
  /** Bytes of the whole. */
  readonly size: number;
  /** The bytes from a position on; fewer than asked for where the source ends. */
  read(position: number, length: number): Promise<Uint8Array>;
}

/** A tensor of an open file. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Bytes that it takes in the file. */
  readonly bytes: number;
}

/** A file of which the header alone has been read. */
export interface OpenSafetensors {
  /** In the order of the data. */
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Reads one tensor.
   *
   * @throws DataError code `data` for a name that there is not, and when the source ends before the tensor does.
   */
  read(name: string): Promise<NamedArray>;
}

/**
 * Opens a file in the safetensors format to read it tensor by tensor, so that memory holds one at a time.
 *
 * The header is checked as {@link readSafetensors} does, against the size of the source, before anything else is read.
 *
 * @param source - Borrowed; stays open for as long as tensors are read.
 * @throws DataError code `data`, naming the source and the tensor, for anything that breaks the format.
 *
 * @example
 * ```ts
 * const bytes = writeSafetensors(new Map([["bias", { shape: [2], values: Float32Array.of(1, -2) }]]));
 * const file = await openSafetensors({
 *   name: "model.safetensors",
 *   size: bytes.length,
 *   read: async (position, length) => bytes.subarray(position, position + length),
 * });
 * console.assert((await file.read("bias")).values.join() === "1,-2");
 * ```
 */
export async function openSafetensors(source: ByteSource): Promise<OpenSafetensors> {
  const { name: file, size } = source;
  const start = await source.read(0, LENGTH_BYTES);
  const end = headerEnd(start, file, Math.min(size, start.length < LENGTH_BYTES ? start.length : size));
  const { entries, metadata, dataStart } = parseHeader(await source.read(0, end), file, size);
  const byName = new Map(entries.map((entry): [string, TensorEntry] => [entry.name, entry]));
  return {
    entries: entries.map(({ name, dtype, shape, begin, end: stop }) => ({ name, dtype, shape, bytes: stop - begin })),
    metadata,
    async read(name) {
      const place = { source: file, tensor: name };
      const entry = byName.get(name);
      if (entry === undefined) throw malformed(place, "there is no such tensor", "ask for one that the file lists");
      const bytes = await source.read(dataStart + entry.begin, entry.end - entry.begin);
      if (bytes.length !== entry.end - entry.begin) {
        const problem = `has ${bytes.length} of its ${entry.end - entry.begin} bytes`;
        throw malformed(place, problem, "the file was cut while it was read; fetch it again");
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      return { shape: entry.shape, values: readNumbers(view, entry.dtype, 0, bytes.length) };
    },
  };
}
