import { DataError, HapsError } from "@haps/spec";
import { readSafetensors, writeSafetensors } from "@haps/tensor";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";

const GOOD = '{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';

/** A file of this header, given as text or bytes, and `size` bytes of data. */
function file(header: string | Uint8Array, size = 8): Uint8Array {
  const text = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function withLength(length: bigint): Uint8Array {
  const bytes = file(GOOD);
  new DataView(bytes.buffer).setBigUint64(0, length, true);
  return bytes;
}

function entry(fields: string): string {
  return `{"x":{${fields}}}`;
}

function shaped(shape: string, offsets = "[0,8]"): string {
  return entry(`"dtype":"F32","shape":${shape},"data_offsets":${offsets}`);
}

/** Two tensors of one number each, with these offsets. */
function pair(first: string, second: string): string {
  const one = (name: string, offsets: string) => `"${name}":{"dtype":"F32","shape":[1],"data_offsets":${offsets}}`;
  return `{${one("a", first)},${one("b", second)}}`;
}

type Case = readonly [title: string, bytes: Uint8Array, message: RegExp, field: string | undefined];

const cases = [
  ["no bytes", new Uint8Array(0), /has 0 bytes/],
  ["seven bytes", new Uint8Array(7), /has 7 bytes/],
  ["a header beyond the file", withLength(63n), /the file has only 62 left/],
  ["a header above 100 MB", withLength(100_000_001n), /expected at most 100000000/],
  ["a header length beyond 2^53", withLength(2n ** 64n - 1n), /expected at most 100000000/],
  ["an empty header", file(""), /begins with ""/],
  ["no UTF-8", file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), /not UTF-8/],
  ["a byte order mark", file(`\ufeff${GOOD}`), /begins with/],
  ["a space before the brace", file(` ${GOOD}`), /begins with " "/],
  ["a list", file("[]"), /begins with "\["/],
  ["half a header", file(GOOD.slice(0, -1)), /not JSON/],
  ["text after the object", file(`${GOOD}x`), /not JSON/],
  ["deep nesting", file(`{"x":${"[".repeat(1e5)}`), /nested too deeply/],
  ["a name given twice", file(`{"x":1,"x":2}`), /twice/, "x"],
  ["a name given twice in two spellings", file(String.raw`{"x":1,"\u0078":2}`), /twice/, "x"],
  [
    "a field given twice",
    file(entry('"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]')),
    /twice/,
    "dtype",
  ],
  ["metadata given twice", file('{"__metadata__":{},"__metadata__":{}}', 0), /twice/, "__metadata__"],
  ["an entry that is no object", file('{"x":[]}'), /expected an object of/, "x"],
  ["an entry that is null", file('{"x":null}'), /expected an object of/, "x"],
  ["a missing field", file(entry('"dtype":"F32","shape":[2]')), /expected an object of/, "x"],
  ["a field too many", file(shaped("[2]").replace('"dtype"', '"y":1,"dtype"')), /expected an object of/, "x"],
  ["an unknown dtype", file(shaped("[2]").replace("F32", "F33")), /unknown dtype "F33"/, "x"],
  ["a dtype in lower case", file(shaped("[2]").replace("F32", "f32")), /unknown dtype "f32"/, "x"],
  ["a dtype that is a number", file(shaped("[2]").replace('"F32"', "32")), /unknown dtype 32/, "x"],
  ["an unsupported dtype", file(shaped("[1]").replace("F32", "F64")), /dtype F64; expected F32, F16 or BF16/, "x"],
  ["a shape that is a number", file(shaped("2")), /shape 2/, "x"],
  ["a negative length", file(shaped("[-2]")), /shape \[-2\]/, "x"],
  ["two negative lengths", file(shaped("[-1,-2]")), /shape \[-1,-2\]/, "x"],
  ["a fractional length", file(shaped("[2.5]")), /shape \[2.5\]/, "x"],
  ["a length of 2^53", file(shaped("[9007199254740992]")), /expected whole numbers/, "x"],
  ["an infinite length", file(shaped("[1e999]")), /expected whole numbers/, "x"],
  ["a length that is text", file(shaped('["2"]')), /expected whole numbers/, "x"],
  ["a product beyond 2^53", file(shaped("[4294967296,4294967296]")), /more numbers than any file/, "x"],
  ["a product that wraps to the right size", file(shaped("[4294967297,4294967296,2]")), /more numbers than any/, "x"],
  ["too few bytes for the shape", file(shaped("[3]")), /has 8 bytes; f32 of shape \[3\] takes 12 bytes/, "x"],
  ["too many bytes for the shape", file(shaped("[]")), /takes 4 bytes/, "x"],
  ["offsets in reverse", file(shaped("[2]", "[8,0]")), /data_offsets \[8,0\]/, "x"],
  ["one offset", file(shaped("[2]", "[8]")), /data_offsets \[8\]/, "x"],
  ["three offsets", file(shaped("[2]", "[0,8,8]")), /data_offsets/, "x"],
  ["a negative offset", file(shaped("[2]", "[-8,0]")), /data_offsets/, "x"],
  ["a fractional offset", file(shaped("[2]", "[0.5,8.5]")), /data_offsets/, "x"],
  ["data beyond the file", file(shaped("[3]", "[0,12]")), /ends at byte 12 of the data; the file holds 8/, "x"],
  ["a huge tensor in a small file", file(shaped("[1000000000000]", "[0,4000000000000]")), /the file holds 8/, "x"],
  ["tensors that overlap", file(pair("[0,4]", "[2,6]")), /overlaps the tensor before it, at 4/, "b"],
  ["one place for two tensors", file(pair("[0,4]", "[0,4]"), 4), /overlaps/, "b"],
  ["a hole between tensors", file(pair("[0,4]", "[5,9]"), 9), /leaves a hole before it, at 4/, "b"],
  ["a hole at the start", file(shaped("[1]", "[4,8]")), /leaves a hole before it, at 0/, "x"],
  ["data after the last tensor", file(GOOD, 9), /cover 8 bytes of the data; the file holds 9/],
  ["data without tensors", file("{}"), /cover 0 bytes/],
  ["metadata that is text", file('{"__metadata__":"a"}', 0), /expected an object of strings/, "__metadata__"],
  ["metadata that is a list", file('{"__metadata__":[]}', 0), /expected an object of strings/, "__metadata__"],
  ["a number in the metadata", file('{"__metadata__":{"a":1}}', 0), /value of "a" is 1/, "__metadata__"],
  ["__proto__ in the metadata", file('{"__metadata__":{"__proto__":"a"}}', 0), /reserved/, "__metadata__"],
  ["a tensor __proto__", file(GOOD.replace('"x"', '"__proto__"')), /reserved/, "__proto__"],
  ["half of a surrogate pair", file(GOOD.replace('"x"', String.raw`"\ud800"`)), /surrogate/, "\ud800"],
] satisfies readonly (readonly [string, Uint8Array, RegExp, string?])[];

/** Counts the bytes of the arrays of numbers made while it is installed. */
function countAllocations(): { bytes: number } {
  const count = { bytes: 0 };
  const counted = <Class extends new (...values: never[]) => { readonly byteLength: number }>(original: Class) =>
    new Proxy(original, {
      construct(target, values, newTarget) {
        const made = Reflect.construct(target, values, newTarget) as { readonly byteLength: number };
        count.bytes += made.byteLength;
        return made;
      },
    });
  vi.stubGlobal("Float32Array", counted(Float32Array));
  vi.stubGlobal("Uint16Array", counted(Uint16Array));
  return count;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("readSafetensors", () => {
  it.each(cases.map(([title, bytes, message, field]): Case => [title, bytes, message, field]))(
    "refuses %s",
    (_title, bytes, message, field) => {
      let error: unknown;
      try {
        readSafetensors(bytes, { source: "model.safetensors" });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(DataError);
      const { code, location, message: text } = error as DataError;
      expect({ code, location }).toEqual({
        code: "data",
        location: field === undefined ? { file: "model.safetensors" } : { file: "model.safetensors", field },
      });
      expect(text).toMatch(message);
      // Every message ends in what to do.
      expect(text).toMatch(/; (fetch it again|the file is damaged.*|write the file again.*|rename it.*|convert .*)$/);
    },
  );

  it("says all of it in one message", () => {
    expect(() =>
      readSafetensors(file(shaped("[3]")), { source: "model.safetensors" }),
    ).toThrowErrorMatchingInlineSnapshot(
      `[DataError: model.safetensors, field "x": has 8 bytes; f32 of shape [3] takes 12 bytes; write the file again with a correct program]`,
    );
  });

  it("shortens a long name in the message", () => {
    const name = "n".repeat(1e5);
    expect(() => readSafetensors(file(`{"${name}":1}`))).toThrow(/^.{1,400}$/u);
  });

  it("accepts the same header unharmed, and spaces after it", () => {
    expect(readSafetensors(file(GOOD)).arrays.get("x")?.values).toEqual(new Float32Array(2));
    expect(readSafetensors(file(`${GOOD}   `)).arrays.size).toBe(1);
    expect(readSafetensors(file("{}", 0)).arrays.size).toBe(0);
  });

  it("orders tensors by their data, whatever the order of the header", () => {
    expect([...readSafetensors(file(pair("[4,8]", "[0,4]"))).arrays.keys()]).toEqual(["b", "a"]);
  });

  it("answers any damage with an error of ours, without taking much memory", () => {
    const arrays = new Map([
      ["a", { shape: [2, 3], values: Float32Array.from({ length: 6 }, (_, index) => index) }],
      ["b/c", { shape: [0], values: new Float32Array(0) }],
      ["d", { shape: [], values: Float32Array.of(4) }],
    ]);
    const good = (["f32", "f16", "bf16"] as const).map((dtype) => {
      return writeSafetensors(arrays, { dtype, metadata: { format: "pt" } });
    });
    const header = 280;
    const edit = fc.record({
      at: fc.integer({ min: 0, max: header }),
      remove: fc.integer({ min: 0, max: 3 }),
      insert: fc.oneof(
        fc.constantFrom(
          '"',
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "0",
          "9",
          "-",
          "1e9",
          "e99",
          "\\",
          "null",
          '"a"',
          "F32",
          " ",
        ),
        fc.string({ maxLength: 3 }),
      ),
    });
    const outcomes = { read: 0, refused: 0, allocated: 0 };
    const allocated = countAllocations();
    const damaged = fc.tuple(fc.constantFrom(...good), fc.array(edit, { minLength: 1, maxLength: 3 }), fc.boolean());
    fc.assert(
      fc.property(damaged, ([original, edits, fixLength]) => {
        let body = [...original];
        for (const { at, remove, insert } of edits) {
          body = [...body.slice(0, at), ...Buffer.from(insert), ...body.slice(at + remove)];
        }
        // A right length leads past the first check to the header itself.
        const bytes = Uint8Array.from(body);
        const length = new DataView(original.buffer).getUint32(0, true) + bytes.length - original.length;
        if (fixLength) new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.max(0, length)), true);
        allocated.bytes = 0;
        try {
          readSafetensors(bytes);
          outcomes.read += 1;
        } catch (error) {
          if (!HapsError.isInstance(error) || error.code !== "data") throw error;
          outcomes.refused += 1;
        }
        outcomes.allocated += allocated.bytes;
        expect(allocated.bytes).toBeLessThanOrEqual(3 * bytes.length);
      }),
      { seed: 13, numRuns: 3000 },
    );
    expect(outcomes.refused).toBeGreaterThan(1000);
    expect(outcomes.read).toBeGreaterThan(10);
    expect(outcomes.allocated).toBeGreaterThan(0);
  });

  it("answers any bytes with an error of ours", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, asHeader) => {
        const input = asHeader ? file(Uint8Array.from([0x7b, ...bytes])) : bytes;
        expect(() => readSafetensors(input)).toThrow(HapsError);
      }),
      { seed: 14, numRuns: 500 },
    );
  });
});
