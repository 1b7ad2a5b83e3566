import { murmurHash3 } from "@haps/features";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createNgramCounter, type NgramRange } from "../src/ngram-counter.ts"; // internal
import { createTextScanner } from "../src/text-scanner.ts"; // internal

const BUCKETS = 1 << 12;
const WORD_SEED = 0x5eed0001;
const CHARACTER_SEED = 0x5eed0002;
const scanner = createTextScanner({ numberShapes: false, punctuationWords: false, maximumCharacters: 10_000 });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function counted(range: NgramRange, text: string): Map<number, number> {
  const { indices, values } = createNgramCounter(range, BUCKETS).count(scanner.scan(text));
  expect(new Set(indices).size).toBe(indices.length);
  return new Map([...indices].map((bucket, at) => [bucket, values[at] as number]));
}

/** Hashes of n-grams to `1 + ln(count)` per bucket. */
function tally(hashes: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const hash of hashes) counts.set(hash % BUCKETS, (counts.get(hash % BUCKETS) ?? 0) + 1);
  return new Map([...counts].map(([bucket, count]) => [bucket, 1 + Math.log(count)]));
}

const words = fc.array(fc.stringMatching(/^[a-c]{1,3}$/), { maxLength: 12 });

describe("createNgramCounter", () => {
  it("counts word n-grams by the hash of the last word, seeded with that of the words before", () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 2 }), fc.integer({ min: 0, max: 2 }), (list, minimum, more) => {
        const maximum = minimum + more;
        const hashes = list.flatMap((_, first) =>
          Array.from({ length: maximum - minimum + 1 }, (_unused, extra) => minimum + extra)
            .filter((size) => first + size <= list.length)
            .map((size) =>
              list.slice(first, first + size).reduce((seed, word) => murmurHash3(bytes(word), seed), WORD_SEED),
            ),
        );
        expect(counted({ kind: "words", minimum, maximum }, list.join(" "))).toEqual(tally(hashes));
      }),
      { seed: 12, numRuns: 100 },
    );
  });

  it("counts character n-grams inside a word and the blanks around it, in characters and not in bytes", () => {
    const text = fc.array(fc.stringMatching(/^[abéж]{1,4}$/), { maxLength: 6 });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 2 }), (list, minimum, more) => {
        const maximum = minimum + more;
        // The blank between two words ends the first and begins the second; alone it stands once.
        const whole = [...(list.length === 0 ? " " : ` ${list.join(" ")} `)];
        const hashes = whole.flatMap((_, first) =>
          Array.from({ length: maximum - minimum + 1 }, (_unused, extra) => minimum + extra)
            .map((size) => whole.slice(first, first + size))
            .filter((gram, at) => gram.length === minimum + at && !gram.slice(1, -1).includes(" "))
            .map((gram) => murmurHash3(bytes(gram.join("")), CHARACTER_SEED)),
        );
        expect(counted({ kind: "characters", minimum, maximum }, list.join(" "))).toEqual(tally(hashes));
      }),
      { seed: 14, numRuns: 100 },
    );
  });

  it("starts from zero with every text, and grows as far as a text needs", () => {
    const counter = createNgramCounter({ kind: "words", minimum: 1, maximum: 1 }, BUCKETS);
    const long = Array.from({ length: 900 }, (_, index) => `w${index}`).join(" ");
    expect(counter.count(scanner.scan(long)).indices.length).toBeGreaterThan(700);
    expect([...counter.count(scanner.scan("once once twice")).values].sort((a, b) => a - b)).toEqual([1, 1 + Math.LN2]);
    expect(counter.count(scanner.scan("")).indices).toHaveLength(0);
  });
});
