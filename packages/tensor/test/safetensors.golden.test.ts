import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type NamedArray, readSafetensors, writeSafetensors } from "@haps/tensor";
import { describe, expect, it } from "vitest";

interface StoredArray {
  readonly shape: readonly number[];
  readonly bits: readonly number[];
}

interface Fixture {
  readonly mixed: Readonly<Record<string, StoredArray>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly plain: Readonly<Record<string, StoredArray>>;
  readonly widened: Readonly<Record<"f16" | "bf16", string>>;
  readonly rounded: Readonly<Record<"f16" | "bf16", string>>;
}

const golden = (name: string): Buffer => readFileSync(new URL(`golden/${name}`, import.meta.url));
const fixture = JSON.parse(golden("safetensors.json").toString()) as Fixture;

function toStored({ shape, values }: NamedArray): StoredArray {
  return { shape, bits: [...new Uint32Array(values.buffer, values.byteOffset, values.length)] };
}

function fromStored({ shape, bits }: StoredArray): NamedArray {
  return { shape, values: new Float32Array(Uint32Array.from(bits).buffer) };
}

/** Bytes of a file of one tensor whose words are these. */
function fileOfWords(dtype: "F16" | "BF16", words: Uint16Array): Uint8Array {
  const entry = { dtype, shape: [words.length], data_offsets: [0, 2 * words.length] };
  const header = Buffer.from(JSON.stringify({ x: entry }));
  const bytes = Buffer.alloc(8 + header.length + 2 * words.length);
  bytes.writeBigUInt64LE(BigInt(header.length));
  header.copy(bytes, 8);
  words.forEach((word, index) => {
    bytes.writeUInt16LE(word, 8 + header.length + 2 * index);
  });
  return bytes;
}

function widen(dtype: "F16" | "BF16", words: Uint16Array): Float32Array {
  return readSafetensors(fileOfWords(dtype, words)).arrays.get("x")?.values as Float32Array;
}

/** Hash of the words that the numbers are written as. */
function roundedHash(dtype: "f16" | "bf16", values: Float32Array): string {
  // Finite numbers beyond the range are refused, so those are left to the infinity that torch makes of them.
  const limit = dtype === "f16" ? 65_520 : 3.3961775e38;
  const limited = values.map((value) => (Math.abs(value) >= limit ? Math.sign(value) * Infinity : value));
  const bytes = writeSafetensors(new Map([["x", { shape: [values.length], values: limited }]]), { dtype });
  return createHash("sha256")
    .update(bytes.subarray(-2 * values.length))
    .digest("hex");
}

function withNegatives(values: readonly number[]): Float32Array {
  return Float32Array.from([...values, ...values.map((value) => -value)]);
}

const nextBits = (value: number, step: number): number => {
  const bits = Int32Array.of(new Int32Array(Float32Array.of(value).buffer)[0] as number);
  bits[0] = (bits[0] as number) + step;
  return new Float32Array(bits.buffer)[0] as number;
};

describe("files of the Python package safetensors", () => {
  it("are read with every dtype, shape, name and text", () => {
    const { arrays, metadata } = readSafetensors(golden("mixed.safetensors"));
    const stored = Object.fromEntries([...arrays].map(([name, array]) => [name, toStored(array)]));
    expect(stored).toEqual(fixture.mixed);
    expect(metadata).toEqual(fixture.metadata);
  });

  it("are written byte for byte", () => {
    const arrays = new Map(Object.entries(fixture.plain).map(([name, array]) => [name, fromStored(array)]));
    expect(Buffer.from(writeSafetensors(arrays))).toEqual(golden("plain.safetensors"));
  });

  it("are refused by name where they hold integers", () => {
    expect(() => readSafetensors(golden("integers.safetensors"), { source: "ids.safetensors" })).toThrow(
      'ids.safetensors, field "ids": has dtype I64; expected F32, F16 or BF16; convert the tensor to one of them',
    );
  });
});

describe("conversions agree with torch", () => {
  it.each(["F16", "BF16"] as const)("for all 65,536 words of %s", (dtype) => {
    const values = widen(
      dtype,
      Uint16Array.from({ length: 65_536 }, (_, word) => word),
    );
    const bits = new Uint32Array(values.buffer).map((word, index) => (Number.isNaN(values[index]) ? 0x7fc00000 : word));
    const key = dtype === "F16" ? "f16" : "bf16";
    expect(createHash("sha256").update(bits).digest("hex")).toBe(fixture.widened[key]);
  });

  it("for every float16, the midpoints between them and the neighbours of those", () => {
    const halves = widen(
      "F16",
      Uint16Array.from({ length: 0x7c00 }, (_, word) => word),
    );
    const values = [...halves].flatMap((value, index) => {
      const middle = (value + (halves[index + 1] ?? 65_536)) / 2;
      return [value, nextBits(middle, -1), middle, nextBits(middle, 1)];
    });
    expect(roundedHash("f16", withNegatives(values))).toBe(fixture.rounded.f16);
  });

  it("for every bfloat16, the midpoints between them and the neighbours of those", () => {
    const bits = Array.from({ length: 0x7f80 }, (_, word) =>
      [0, 0x7fff, 0x8000, 0x8001].map((rest) => word * 65_536 + rest),
    );
    const values = new Float32Array(Uint32Array.from(bits.flat()).buffer);
    expect(roundedHash("bf16", withNegatives([...values]))).toBe(fixture.rounded.bf16);
  });
});
