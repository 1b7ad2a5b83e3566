import { createRng } from "@haps/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assignInnerFolds } from "../src/inner-folds.ts"; // internal

describe("assignInnerFolds", () => {
  const groupsOf = fc.array(fc.integer({ min: 0, max: 30 }).map(String), { minLength: 8, maxLength: 60 });

  it("keeps texts together, uses every fold, and balances rows up to one text", () => {
    fc.assert(
      fc.property(groupsOf, fc.integer({ min: 2, max: 5 }), fc.integer({ min: 0, max: 99 }), (groups, wanted, seed) => {
        const sizes = new Map<string, number>();
        for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
        const folds = Math.min(wanted, sizes.size);
        const fold = assignInnerFolds(groups, folds, createRng(seed));
        const foldOf = new Map(groups.map((group, row) => [group, fold[row]]));
        expect(groups.map((group) => foldOf.get(group))).toEqual([...fold]);
        const rows = Array.from({ length: folds }, (_, own) => fold.filter((value) => value === own).length);
        expect(Math.min(...rows)).toBeGreaterThan(0);
        expect(Math.max(...rows) - Math.min(...rows)).toBeLessThanOrEqual(Math.max(...sizes.values()));
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  it("depends on the texts and the stream, not on the order of the rows", () => {
    const groups = Array.from({ length: 20 }, (_, row) => `text ${row}`);
    const straight = assignInnerFolds(groups, 4, createRng(1));
    const reversed = assignInnerFolds([...groups].reverse(), 4, createRng(1));
    expect([...reversed].reverse()).toEqual([...straight]);
    expect([...assignInnerFolds(groups, 4, createRng(2))]).not.toEqual([...straight]);
  });
});
