import { DataError, HapsError, ShapeError } from "@haps/spec";
import { type NamedArray, readSafetensors, writeSafetensors } from "@haps/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const shapeOf = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });
const namedArray: fc.Arbitrary<NamedArray> = shapeOf.chain((shape) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return fc
    .array(fc.float(), { minLength: size, maxLength: size })
    .map((values) => ({ shape, values: Float32Array.from(values) }));
});
const name = fc
  .oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("a/b", "constructor", "", "0", '"\\'))
  .filter((text) => text !== "__proto__" && text !== "__metadata__");
const collection = fc.array(fc.tuple(name, namedArray), { maxLength: 5 }).map((entries) => new Map(entries));
const texts = fc.dictionary(name, fc.string({ unit: "grapheme" }), { maxKeys: 3 });

function one(values: Float32Array, shape: readonly number[] = [values.length]): Map<string, NamedArray> {
  return new Map([["x", { shape, values }]]);
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("writeSafetensors and readSafetensors", () => {
  it("return every array and every text as they were", () => {
    fc.assert(
      fc.property(collection, texts, (arrays, metadata) => {
        const content = readSafetensors(writeSafetensors(arrays, { metadata }));
        expect({ ...content.metadata }).toEqual({ ...metadata });
        expect(new Set(content.arrays.keys())).toEqual(new Set(arrays.keys()));
        for (const [key, { shape, values }] of arrays) {
          expect(content.arrays.get(key)?.shape).toEqual(shape);
          // Bits, so that -0 and NaN count.
          const bits = new Uint32Array(values.buffer);
          expect(new Uint32Array(content.arrays.get(key)?.values.buffer as ArrayBuffer)).toEqual(bits);
        }
      }),
      { seed: 11, numRuns: 100 },
    );
  });

  it.each(["f16", "bf16"] as const)("keep what %s can hold: a second round changes nothing", (dtype) => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: -60_000, max: 60_000, noDefaultInfinity: true })), (values) => {
        const first = writeSafetensors(one(Float32Array.from(values)), { dtype });
        expect(writeSafetensors(readSafetensors(first).arrays, { dtype })).toEqual(first);
      }),
      { seed: 12, numRuns: 100 },
    );
  });

  it("read from the middle of a larger buffer, at any alignment", () => {
    const bytes = writeSafetensors(one(Float32Array.of(1, -2.5)));
    for (const offset of [0, 1, 3]) {
      const larger = new Uint8Array(bytes.length + 8).fill(255);
      larger.set(bytes, offset);
      const { arrays } = readSafetensors(larger.subarray(offset, offset + bytes.length));
      expect(arrays.get("x")?.values).toEqual(Float32Array.of(1, -2.5));
    }
  });

  it("share no memory with the bytes", () => {
    const bytes = writeSafetensors(one(Float32Array.of(1)));
    const { arrays } = readSafetensors(bytes);
    bytes.fill(0);
    expect(arrays.get("x")?.values).toEqual(Float32Array.of(1));
  });
});

describe("writeSafetensors", () => {
  it("gives the same bytes whatever the order of the arrays and the metadata", () => {
    const a = { shape: [1], values: Float32Array.of(1) };
    const b = { shape: [2], values: Float32Array.of(2, 3) };
    const forward = new Map(Object.entries({ a, b }));
    const backward = new Map(Object.entries({ b, a }));
    expect(writeSafetensors(backward, { metadata: { y: "2", x: "1" } })).toEqual(
      writeSafetensors(forward, { metadata: { x: "1", y: "2" } }),
    );
  });

  it("begins the data at a multiple of eight for every length of name", () => {
    for (let length = 0; length < 9; length += 1) {
      const bytes = writeSafetensors(new Map([["n".repeat(length), { shape: [1], values: Float32Array.of(1) }]]));
      expect((bytes.length - 4) % 8).toBe(0);
    }
  });

  it("takes a view into a larger array", () => {
    const values = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    expect(readSafetensors(writeSafetensors(one(values))).arrays.get("x")?.values).toEqual(Float32Array.of(1, 2));
  });

  it("writes infinities and NaN in every dtype", () => {
    const values = Float32Array.of(Infinity, -Infinity, NaN);
    for (const dtype of ["f32", "f16", "bf16"] as const) {
      expect(readSafetensors(writeSafetensors(one(values), { dtype })).arrays.get("x")?.values).toEqual(values);
    }
  });

  it.each([
    ["f16", 65_520],
    ["bf16", 3.4e38],
  ] as const)("refuses a finite number that %s would turn into infinity", (dtype, value) => {
    const error = thrownBy(() => writeSafetensors(one(Float32Array.of(0, value)), { dtype }));
    expect(error).toBeInstanceOf(HapsError);
    expect(error).toMatchObject({
      code: "non-finite",
      facts: { name: "x", index: 1, value: Math.fround(value), dtype },
    });
  });

  it("refuses an array that does not fill its shape", () => {
    const error = thrownBy(() => writeSafetensors(one(Float32Array.of(1, 2), [3])));
    expect(error).toBeInstanceOf(ShapeError);
    expect(thrownBy(() => writeSafetensors(one(Float32Array.of(1), [-1, -1])))).toBeInstanceOf(ShapeError);
  });

  it.each(["__metadata__", "__proto__", "\ud800"])("refuses the name %j", (key) => {
    const arrays = new Map([[key, { shape: [], values: Float32Array.of(1) }]]);
    expect(thrownBy(() => writeSafetensors(arrays))).toMatchObject({ code: "data", location: { field: key } });
  });

  it("refuses metadata that is no well-formed text", () => {
    const metadata = { good: "yes", bad: 3 } as unknown as Record<string, string>;
    expect(thrownBy(() => writeSafetensors(new Map(), { metadata }))).toBeInstanceOf(DataError);
    expect(thrownBy(() => writeSafetensors(new Map(), { metadata: { bad: "\udc00" } }))).toBeInstanceOf(DataError);
  });
});
