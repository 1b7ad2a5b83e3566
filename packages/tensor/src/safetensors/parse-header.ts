import { quoteValue } from "@haps/spec";
import { BYTES_PER_NUMBER, parseDtype, type SafetensorsDtype } from "./dtype.ts";
import { findHeaderProblem } from "./header-keys.ts";
import { malformed, type SafetensorsPlace } from "./malformed.ts";

/** Most bytes that a header may have: the limit of the format's own implementation. */
export const LARGEST_HEADER = 100_000_000;

/** Bytes before the header: its length, little-endian. */
export const LENGTH_BYTES = 8;

const METADATA = "__metadata__";
const FIELDS: readonly string[] = ["dtype", "shape", "data_offsets"];
const DAMAGED = "the file is damaged or no safetensors file; fetch it again";
const REWRITE = "write the file again with a correct program";

/** One tensor as the header describes it; all checked. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Byte offsets from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

/** A header whose entries cover the data exactly, in the order of the data. */
export interface SafetensorsHeader {
  readonly entries: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Bytes of length and header: where the data begins. */
  readonly dataStart: number;
}

/**
 * Reads and checks everything that lies before the data. Code `data` for whatever breaks the format.
 *
 * @param bytes - The file, or as much of its beginning as {@link headerEnd} says.
 * @param size - Bytes of the whole file.
 */
export function parseHeader(bytes: Uint8Array, source: string, size = bytes.length): SafetensorsHeader {
  const length = headerEnd(bytes, source, size) - LENGTH_BYTES;
  const dataStart = LENGTH_BYTES + length;
  const fields = parseObject(bytes.subarray(LENGTH_BYTES, dataStart), source);
  let metadata: Readonly<Record<string, string>> = {};
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (name === METADATA) metadata = parseMetadata(value, source);
    else entries.push(parseEntry(value, name, source));
  }
  entries.sort((left, right) => left.begin - right.begin || left.end - right.end);
  checkCover(entries, size - dataStart, source);
  return { entries, metadata, dataStart };
}

/** Where the header of a file ends, from its first {@link LENGTH_BYTES} bytes and the size of the whole. */
export function headerEnd(bytes: Uint8Array, source: string, size: number): number {
  if (size < LENGTH_BYTES) {
    throw malformed({ source }, `has ${size} bytes; expected at least ${LENGTH_BYTES}`, DAMAGED);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > LARGEST_HEADER) {
    throw malformed({ source }, `the header has ${length} bytes; expected at most ${LARGEST_HEADER}`, DAMAGED);
  }
  if (Number(length) > size - LENGTH_BYTES) {
    const rest = size - LENGTH_BYTES;
    throw malformed({ source }, `the header has ${length} bytes; the file has only ${rest} left for it`, DAMAGED);
  }
  return LENGTH_BYTES + Number(length);
}

function parseObject(header: Uint8Array, source: string): Readonly<Record<string, unknown>> {
  const text = decodeText(header, source);
  if (!text.startsWith("{")) {
    throw malformed({ source }, `the header begins with ${quoteValue(text.slice(0, 1))}; expected "{"`, DAMAGED);
  }
  const problem = findHeaderProblem(text);
  if (problem?.kind === "duplicate") {
    throw malformed({ source, tensor: problem.key }, "the header gives this key twice in one object", REWRITE);
  }
  if (problem !== undefined) {
    const where = LENGTH_BYTES + problem.position;
    throw malformed({ source }, `the header is nested too deeply at character ${where}; expected 3 levels`, DAMAGED);
  }
  try {
    // The text begins with a brace, so that it is an object or nothing.
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw malformed({ source }, "the header is not JSON", DAMAGED, { cause });
  }
}

function decodeText(header: Uint8Array, source: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
  } catch (cause) {
    throw malformed({ source }, "the header is not UTF-8", DAMAGED, { cause });
  }
}

function parseMetadata(value: unknown, source: string): Readonly<Record<string, string>> {
  const place = { source, tensor: METADATA };
  if (!isObject(value)) throw malformed(place, `is ${quoteValue(value)}; expected an object of strings`, REWRITE);
  for (const [key, text] of Object.entries(value)) {
    assertPlainName(key, place);
    if (typeof text !== "string") {
      throw malformed(place, `the value of ${quoteValue(key)} is ${quoteValue(text)}; expected a string`, REWRITE);
    }
  }
  return value as Readonly<Record<string, string>>;
}

/** Refuses the one name that assigning to a plain object would lose, and text that UTF-8 cannot hold. */
export function assertPlainName(name: string, place: SafetensorsPlace): void {
  if (name === "__proto__") {
    throw malformed(place, 'the name "__proto__" is reserved in JavaScript', "rename it and write the file again");
  }
  if (/\p{Surrogate}/u.test(name)) {
    throw malformed(place, "the name has half of a surrogate pair", "rename it and write the file again");
  }
}

function parseEntry(value: unknown, name: string, source: string): TensorEntry {
  const place = { source, tensor: name };
  assertPlainName(name, place);
  if (!isObject(value) || Object.keys(value).sort().join() !== [...FIELDS].sort().join()) {
    const got = isObject(value) ? `the fields ${quoteValue(Object.keys(value))}` : quoteValue(value);
    throw malformed(place, `the header has ${got}; expected an object of ${FIELDS.join(", ")}`, REWRITE);
  }
  const dtype = readDtype(value.dtype, place);
  const shape = readShape(value.shape, place);
  const numbers = countNumbers(shape, place);
  const [begin, end] = readOffsets(value.data_offsets, place);
  const needed = numbers * BYTES_PER_NUMBER[dtype];
  if (end - begin !== needed) {
    const facts = `${dtype} of shape ${quoteValue(shape)} takes ${needed} bytes`;
    throw malformed(place, `has ${end - begin} bytes; ${facts}`, REWRITE);
  }
  return { name, dtype, shape, begin, end };
}

function readDtype(word: unknown, place: SafetensorsPlace): SafetensorsDtype {
  const dtype = typeof word === "string" ? parseDtype(word) : "unknown";
  if (dtype === "unsupported") {
    throw malformed(place, `has dtype ${String(word)}; expected F32, F16 or BF16`, "convert the tensor to one of them");
  }
  if (dtype === "unknown") {
    throw malformed(place, `has the unknown dtype ${quoteValue(word)}; expected F32, F16 or BF16`, REWRITE);
  }
  return dtype;
}

function readShape(shape: unknown, place: SafetensorsPlace): readonly number[] {
  if (Array.isArray(shape) && shape.every(isCount)) return shape as readonly number[];
  throw malformed(place, `has the shape ${quoteValue(shape)}; expected whole numbers in [0, 2^53)`, REWRITE);
}

function countNumbers(shape: readonly number[], place: SafetensorsPlace): number {
  let product = 1;
  for (const length of shape) {
    product *= length;
    if (product * Float32Array.BYTES_PER_ELEMENT > Number.MAX_SAFE_INTEGER) {
      throw malformed(place, `the shape ${quoteValue(shape)} has more numbers than any file can hold`, REWRITE);
    }
  }
  return product;
}

function readOffsets(offsets: unknown, place: SafetensorsPlace): readonly [number, number] {
  if (Array.isArray(offsets) && offsets.length === 2 && offsets.every(isCount)) {
    const [begin, end] = offsets as [number, number];
    if (begin <= end) return [begin, end];
  }
  const expected = "expected two whole numbers, the first not above the second";
  throw malformed(place, `has the data_offsets ${quoteValue(offsets)}; ${expected}`, REWRITE);
}

/** Every byte of the data belongs to exactly one tensor. */
function checkCover(entries: readonly TensorEntry[], size: number, source: string): void {
  let covered = 0;
  for (const { name: tensor, begin, end } of entries) {
    if (begin !== covered) {
      const problem = begin < covered ? "overlaps the tensor before it" : "leaves a hole before it";
      throw malformed({ source, tensor }, `begins at byte ${begin} of the data and ${problem}, at ${covered}`, REWRITE);
    }
    if (end > size) {
      throw malformed({ source, tensor }, `ends at byte ${end} of the data; the file holds ${size}`, DAMAGED);
    }
    covered = end;
  }
  if (covered !== size) {
    throw malformed({ source }, `the tensors cover ${covered} bytes of the data; the file holds ${size}`, DAMAGED);
  }
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && !Object.is(value, -0);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
