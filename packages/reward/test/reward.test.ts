import { type RewardWeights, reward, rewardCells, shapeQuality } from "@haps/reward";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const weights = (changed: Partial<RewardWeights> = {}): RewardWeights => ({
  qualityWeight: 1,
  costWeight: 0,
  shaping: "identity",
  ...changed,
});

describe("reward", () => {
  it.each([
    [0.8, 0.2, 0.76],
    [0.5, 0.5, 0.4],
    [0.2, 0.8, 0.04],
  ])("weighs quality by %d and cost by %d as the paper's regimes do", (qualityWeight, costWeight, expected) => {
    expect(reward({ quality: 1, normalisedCost: 0.2 }, weights({ qualityWeight, costWeight }))).toBeCloseTo(
      expected,
      12,
    );
  });

  it("turns a quality of exactly 0 into -1 before weighing, where asked to", () => {
    const shaping = "zeroIsMinusOne";
    expect(reward({ quality: 0, normalisedCost: 1 }, weights({ shaping, qualityWeight: 2, costWeight: 0.5 }))).toBe(
      -2.5,
    );
    expect([0, 1e-9, 1].map((quality) => shapeQuality(quality, shaping))).toEqual([-1, 1e-9, 1]);
    expect([0, 0.5].map((quality) => shapeQuality(quality, "identity"))).toEqual([0, 0.5]);
  });

  it("is NaN, never 0, where the outcome or a cost that counts is missing", () => {
    expect(reward({ quality: Number.NaN }, weights())).toBeNaN();
    expect(reward({ quality: Number.NaN }, weights({ shaping: "zeroIsMinusOne" }))).toBeNaN();
    expect(reward({ quality: 1 }, weights({ costWeight: 0.1 }))).toBeNaN();
    expect(reward({ quality: 1, normalisedCost: Number.NaN }, weights({ costWeight: 0.1 }))).toBeNaN();
    expect(reward({ quality: 1, normalisedCost: Number.NaN }, weights())).toBe(1);
  });
});

describe("rewardCells", () => {
  it("gives every row its own cost weight", () => {
    const cells = {
      quality: [1, 0.5, 1, 0.5],
      normalisedCost: [1, 0, 1, 0],
      costWeights: [0, 0.75],
    };
    expect([...rewardCells(cells, weights())]).toEqual([1, 0.5, 0.25, 0.5]);
  });

  it("agrees with reward cell by cell", () => {
    const cell = fc.record({
      quality: fc.option(fc.float({ min: 0, max: 1, noNaN: true }), { nil: Number.NaN }),
      normalisedCost: fc.option(fc.float({ min: 0, max: 2, noNaN: true }), { nil: Number.NaN }),
    });
    const rows = fc
      .integer({ min: 1, max: 4 })
      .chain((arms) => fc.array(fc.array(cell, { minLength: arms, maxLength: arms }), { minLength: 1, maxLength: 4 }));
    fc.assert(
      fc.property(rows, fc.constantFrom("identity", "zeroIsMinusOne"), (table, shaping) => {
        const costWeights = table.map((_, row) => row / 2);
        const flat = table.flat();
        const got = rewardCells(
          {
            quality: flat.map(({ quality }) => quality),
            normalisedCost: flat.map(({ normalisedCost }) => normalisedCost),
            costWeights,
          },
          { qualityWeight: 0.5, shaping },
        );
        const expected = table.flatMap((row, index) =>
          row.map((terms) =>
            Math.fround(reward(terms, { qualityWeight: 0.5, shaping, costWeight: costWeights[index] as number })),
          ),
        );
        expect([...got]).toEqual(expected);
      }),
      { seed: 9 },
    );
  });

  it("accepts an empty batch and a table without costs", () => {
    expect(rewardCells({ quality: [], costWeights: [] }, weights())).toHaveLength(0);
    expect([...rewardCells({ quality: [0.5, 1], costWeights: [0] }, weights())]).toEqual([0.5, 1]);
  });

  it("refuses cells that do not fill the rows of the batch", () => {
    const shape = expect.objectContaining({ code: "shape" }) as Error;
    expect(() => rewardCells({ quality: [1, 2, 3], costWeights: [0, 0] }, weights())).toThrow(shape);
    expect(() => rewardCells({ quality: [1], costWeights: [] }, weights())).toThrow(shape);
    const narrow = { quality: [1, 2], normalisedCost: [1], costWeights: [1] };
    expect(() => rewardCells(narrow, weights())).toThrow(shape);
  });
});
