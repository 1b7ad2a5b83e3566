import { shuffledBatches } from "@haps/language-model";
import { createRng } from "@haps/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("shuffledBatches", () => {
  it("gives every item once in each round, whatever the batch size", () => {
    const sizes = fc.record({ count: fc.integer({ min: 1, max: 9 }), batchSize: fc.integer({ min: 1, max: 12 }) });
    const check = fc.property(sizes, fc.integer(), ({ count, batchSize }, seed) => {
      const items = Array.from({ length: count }, (_, index) => index);
      const batches = shuffledBatches(items, { batchSize, rng: createRng(seed) });
      const steps = Math.ceil((3 * count) / batchSize);
      const seen = Array.from({ length: steps }, (_, step) => batches(step)).flat();
      for (let round = 0; round < 3; round += 1) {
        expect(seen.slice(round * count, (round + 1) * count).sort((a, b) => a - b)).toEqual(items);
      }
    });
    fc.assert(check, { seed: 11, numRuns: 100 });
  });

  it("orders rounds differently, and equal seeds equally, in whatever order steps are asked for", () => {
    const items = Array.from({ length: 40 }, (_, index) => index);
    const make = (seed: number) => shuffledBatches(items, { batchSize: 40, rng: createRng(seed) });
    const batches = make(3);
    const [first, second] = [batches(0), batches(1)];
    expect(first).not.toEqual(second);
    expect(first).not.toEqual(items);
    expect([make(3)(1), batches(0)]).toEqual([second, first]);
    expect(make(4)(0)).not.toEqual(first);
  });

  it("refuses no items and a batch size that is none", () => {
    const make = (items: readonly number[], batchSize: number) => () =>
      shuffledBatches(items, { batchSize, rng: createRng(1) });
    expect(make([], 0)).toThrow(/items: there are none.*batchSize: got 0/);
    expect(make([1], 1.5)).toThrow(expect.objectContaining({ code: "config" }));
  });
});
