import { bestSingleArm, mixtureAt, singleArmHull } from "@haps/evaluation";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tableOf } from "./fixture.ts";

interface Arm {
  readonly cost: number;
  readonly score: number;
}

const arms = fc.array(
  fc.record({ cost: fc.integer({ min: 1, max: 30 }), score: fc.integer({ min: 0, max: 20 }).map((step) => step / 20) }),
  { minLength: 1, maxLength: 7 },
);

const tableWith = (means: readonly Arm[]) =>
  tableOf([{ id: "q", scores: means.map(({ score }) => score), costs: means.map(({ cost }) => cost) }]);

/** The best score of any mixture of any two arms whose mean cost is at most the budget; independent of the hull. */
function bestMixture(means: readonly Arm[], budget: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (const one of means) {
    for (const other of means) {
      if (one.cost <= budget) best = Math.max(best, one.score);
      if (one.cost > budget || other.cost <= budget) continue;
      const part = (budget - one.cost) / (other.cost - one.cost);
      best = Math.max(best, one.score + part * (other.score - one.score));
    }
  }
  return best;
}

describe("singleArmHull", () => {
  it("gives at every budget what the best of all pairs of arms gives", () => {
    fc.assert(
      fc.property(arms, fc.double({ min: 0, max: 1.2, noNaN: true }), (means, part) => {
        const table = tableWith(means);
        const hull = singleArmHull(table, [0]) ?? [];
        const unit = bestSingleArm(table, [0]).cost;
        const cheapest = Math.min(...means.map(({ cost }) => cost));
        const budget = cheapest + part * (Math.max(...means.map(({ cost }) => cost)) - cheapest);
        const mixture = mixtureAt(hull, budget / unit);
        const mean = (pick: (arm: Arm) => number) =>
          mixture.reduce((sum, { arm, weight }) => sum + weight * pick(means[arm] as Arm), 0);
        expect(mean(({ score }) => score)).toBeCloseTo(bestMixture(means, budget), 9);
        expect(mean(({ cost }) => cost)).toBeLessThanOrEqual(budget + 1e-9);
        expect(mixture.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
      }),
      { seed: 41, numRuns: 500 },
    );
  });

  it("rises from the cheapest arm to the best single arm with falling slope", () => {
    fc.assert(
      fc.property(arms, (means) => {
        const table = tableWith(means);
        const hull = singleArmHull(table, [0]) ?? [];
        expect(hull.at(-1)?.arm).toBe(bestSingleArm(table, [0]).arm);
        expect(hull.at(-1)?.costRatio).toBe(1);
        expect(means[hull[0]?.arm as number]?.cost).toBe(Math.min(...means.map(({ cost }) => cost)));
        const slopes = hull.slice(1).map((vertex, index) => {
          const before = hull[index] as { costRatio: number; score: number };
          return (vertex.score - before.score) / (vertex.costRatio - before.costRatio);
        });
        expect(
          slopes.every((slope, index) => slope > 0 && slope < (slopes[index - 1] ?? Number.POSITIVE_INFINITY)),
        ).toBe(true);
      }),
      { seed: 42, numRuns: 300 },
    );
  });

  it("has one vertex when the cheapest arm is the best", () => {
    const table = tableWith([
      { cost: 5, score: 0.4 },
      { cost: 2, score: 0.9 },
      { cost: 2, score: 0.3 },
    ]);
    expect(singleArmHull(table, [0])).toEqual([{ arm: 1, costRatio: 1, score: 0.9 }]);
  });

  it("reads the given rows only", () => {
    const table = tableOf([
      { id: "train", scores: [0.1, 0.9], costs: [1, 4] },
      { id: "test", scores: [1, 0], costs: [100, 1] },
    ]);
    expect(singleArmHull(table, [0])).toEqual([
      { arm: 0, costRatio: 0.25, score: 0.1 },
      { arm: 1, costRatio: 1, score: 0.9 },
    ]);
  });

  it("leaves out arms without a cost, and is unknown where the best arm has none or is free", () => {
    const unknown = tableOf([{ id: "q", scores: [0.1, 0.5, 0.9], costs: [Number.NaN, 2, 4] }]);
    expect(singleArmHull(unknown, [0])?.map(({ arm }) => arm)).toEqual([1, 2]);
    expect(singleArmHull(tableOf([{ id: "q", scores: [0.1, 0.9], costs: [1, Number.NaN] }]), [0])).toBeNull();
    expect(singleArmHull(tableOf([{ id: "q", scores: [0.1, 0.9], costs: [0, 0] }]), [0])).toBeNull();
    expect(singleArmHull(tableOf([{ id: "q", scores: [0.1, 0.9] }]), [0])).toBeNull();
  });
});
