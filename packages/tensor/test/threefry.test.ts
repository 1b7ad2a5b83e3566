import { describe, expect, it } from "vitest";
import { threefry, type WordPair } from "../src/threefry.ts";

describe("threefry", () => {
  // Random123 1.14, tests/kat_vectors, lines "threefry2x32 20": counter, key, result.
  const known: readonly [counter: WordPair, key: WordPair, result: WordPair][] = [
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x243f6a88, 0x85a308d3],
      [0x13198a2e, 0x03707344],
      [0xc4923a9c, 0x483df7a0],
    ],
  ];
  it.each(known)("maps counter %j under key %j to the published %j", (counter, key, result) => {
    expect(threefry(key, counter)).toEqual(result);
  });

  it("changes about half of the bits when one bit of key or counter changes", () => {
    const base = threefry([1, 2], [3, 4]);
    for (let bit = 0; bit < 32; bit += 1) {
      const flip = (1 << bit) >>> 0;
      for (const other of [threefry([(1 ^ flip) >>> 0, 2], [3, 4]), threefry([1, 2], [3, (4 ^ flip) >>> 0])]) {
        const changed = ones(base[0] ^ other[0]) + ones(base[1] ^ other[1]);
        expect(changed).toBeGreaterThan(12);
        expect(changed).toBeLessThan(52);
      }
    }
  });
});

function ones(word: number): number {
  return (word >>> 0).toString(2).replaceAll("0", "").length;
}
