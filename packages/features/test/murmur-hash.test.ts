import { murmurHash3 } from "@haps/features";
import { describe, expect, it } from "vitest";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Vectors for MurmurHash3_x86_32 as published by I. Boyd (2012), made with the reference implementation. */
const PUBLISHED: readonly (readonly [Uint8Array, number, number])[] = [
  [bytes(""), 0, 0],
  [bytes(""), 1, 0x514e28b7],
  [bytes(""), 0xffffffff, 0x81f16f39],
  [Uint8Array.of(0xff, 0xff, 0xff, 0xff), 0, 0x76293b50],
  [Uint8Array.of(0x21, 0x43, 0x65, 0x87), 0, 0xf55b516b],
  [Uint8Array.of(0x21, 0x43, 0x65, 0x87), 0x5082edee, 0x2362f9de],
  [Uint8Array.of(0x21, 0x43, 0x65), 0, 0x7e4a8634],
  [Uint8Array.of(0x21, 0x43), 0, 0xa0f7b07a],
  [Uint8Array.of(0x21), 0, 0x72661cf4],
  [Uint8Array.of(0, 0, 0, 0), 0, 0x2362f9de],
  [Uint8Array.of(0, 0, 0), 0, 0x85f0b427],
  [Uint8Array.of(0, 0), 0, 0x30f4c306],
  [Uint8Array.of(0), 0, 0x514e28b7],
  [bytes("aaaa"), 0x9747b28c, 0x5a97808a],
  [bytes("aaa"), 0x9747b28c, 0x283e0130],
  [bytes("aa"), 0x9747b28c, 0x5d211726],
  [bytes("a"), 0x9747b28c, 0x7fa09ea6],
  [bytes("abcd"), 0x9747b28c, 0xf0478627],
  [bytes("abc"), 0x9747b28c, 0xc84a62dd],
  [bytes("ab"), 0x9747b28c, 0x74875592],
  [bytes("Hello, world!"), 0x9747b28c, 0x24884cba],
  [bytes("ππππππππ"), 0x9747b28c, 0xd58063c1],
  [bytes("a".repeat(256)), 0x9747b28c, 0x37405bdc],
];

describe("murmurHash3", () => {
  it.each(PUBLISHED)("agrees with the published vector %#", (data, seed, expected) => {
    expect(murmurHash3(data, seed)).toBe(expected);
  });

  it("hashes a range as it hashes a copy of the range", () => {
    const data = bytes("the quick brown fox");
    for (let start = 0; start < data.length; start += 1) {
      for (let end = start; end <= data.length; end += 1) {
        expect(murmurHash3(data, 7, start, end)).toBe(murmurHash3(data.slice(start, end), 7));
      }
    }
  });

  it("spreads 20,000 numbers over 1,024 buckets about evenly", () => {
    const counts = new Int32Array(1024);
    for (let index = 0; index < 20_000; index += 1) {
      const bucket = murmurHash3(bytes(String(index)), 0) & 1023;
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    const expected = 20_000 / 1024;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeGreaterThan(1023 - 6 * Math.sqrt(2 * 1023));
    expect(chiSquare).toBeLessThan(1023 + 6 * Math.sqrt(2 * 1023));
  });
});
