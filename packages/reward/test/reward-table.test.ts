import { armMeans, fitCostScale, rewardAt, rewardsAt, rewardTable, trustedArmMeans } from "@haps/reward";
import type { OutcomeTable } from "@haps/spec";
import { makeTestTable } from "@haps/spec/testing";
import { expectClose } from "@haps/testing";
import { describe, expect, it } from "vitest";

const NEVER = Number.NaN;

function tableOf(score: readonly number[], cost?: readonly number[]): OutcomeTable {
  const base = makeTestTable({ questions: score.length / 4 });
  const { cost: _, costUnit: __, ...bare } = base;
  return {
    ...bare,
    score: Float64Array.from(score),
    ...(cost === undefined ? {} : { cost: Float64Array.from(cost), costUnit: "tokens" }),
  };
}

const table = tableOf([1, 0.5, NEVER, 0.25, 0, NEVER, NEVER, 0.75], [2, 4, NEVER, 8, 6, NEVER, NEVER, 0]);
const scale = { kind: "minMax", offset: 2, scale: 4 } as const;

describe("rewardTable", () => {
  it("holds score and normalised cost of what was run, and marks it", () => {
    const { rows, arms, quality, cost, recorded } = rewardTable(table, scale);
    expect([rows, arms]).toEqual([2, 4]);
    expect([...quality]).toEqual([1, 0.5, 0, 0.25, 0, 0, 0, 0.75]);
    expect([...cost]).toEqual([0, 0.5, 0, 1.5, 1, 0, 0, -0.5]);
    expect([...recorded]).toEqual([1, 1, 0, 1, 1, 0, 0, 1]);
  });

  it("drops costs without a scale, and needs none where the table has none", () => {
    expect([...rewardTable(table, null).cost]).toEqual(new Array(8).fill(0));
    expect([...rewardTable(tableOf(new Array<number>(8).fill(1)), scale).cost]).toEqual(new Array(8).fill(0));
  });

  it("leaves a question without any outcome unrecorded", () => {
    const { recorded } = rewardTable(tableOf([1, 1, 1, 1, NEVER, NEVER, NEVER, NEVER]), null);
    expect([...recorded]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
  });

  it("gives a score without its cost the mean cost of its arm, and of all arms where none is known", () => {
    const one = rewardTable(tableOf(new Array<number>(8).fill(1), [2, 2, NEVER, 2, 2, 2, 6, 2]), {
      ...scale,
      offset: 0,
      scale: 2,
    });
    expect([...one.cost]).toEqual([1, 1, 3, 1, 1, 1, 3, 1]);
    const all = rewardTable(tableOf(new Array<number>(8).fill(1), [2, 2, NEVER, 2, 2, 2, NEVER, 2]), {
      ...scale,
      offset: 0,
      scale: 2,
    });
    expect([...all.cost]).toEqual(new Array<number>(8).fill(1));
  });
});

describe("trustedArmMeans", () => {
  it("leaves out arms that were run in fewer than half as many rows as the most run arm", () => {
    const scores = [1, 1, 0.5, NEVER, 1, NEVER, 0.5, NEVER, 1, NEVER, 0.5, 1, 1, 1, 0.5, NEVER];
    expect([...trustedArmMeans(rewardTable(tableOf(scores), null)).quality]).toEqual([1, 1, 0.5, NEVER]);
  });
});

describe("armMeans", () => {
  const rewards = rewardTable(table, scale);

  it("averages over the rows in which an arm was run, NaN where in none", () => {
    const { quality, cost } = armMeans(rewards);
    expect([...quality]).toEqual([0.5, 0.5, NEVER, 0.5]);
    expect([...cost]).toEqual([0.5, 0.5, NEVER, 0.5]);
    expect([...armMeans(rewards, [1]).quality]).toEqual([0, NEVER, NEVER, 0.75]);
    expect([...armMeans(rewards, []).quality]).toEqual([NEVER, NEVER, NEVER, NEVER]);
  });

  it("gives the mean of the rewards at every cost weight", () => {
    const full = makeTestTable({ questions: 12, missingEvery: 5 });
    const { cost, score } = full;
    const fitted = fitCostScale({ cost: cost as Float64Array, score, arms: 4 }, "bestArm");
    const cells = rewardTable(full, fitted);
    for (const weight of [0, 0.3, 2]) {
      const expected = [0, 1, 2, 3].map((arm) => {
        const run = full.rows.map((_, row) => row * 4 + arm).filter((cell) => !Number.isNaN(score[cell]));
        const rewardOf = (cell: number): number =>
          (score[cell] as number) - (weight * ((cost?.[cell] as number) - fitted.offset)) / fitted.scale;
        for (const cell of run) expect(rewardAt(cells, cell, weight)).toBeCloseTo(rewardOf(cell), 5);
        return run.reduce((sum, cell) => sum + rewardOf(cell), 0) / run.length;
      });
      expectClose(rewardsAt(armMeans(cells), weight), expected, { rtol: 1e-5, atol: 1e-6 });
    }
  });
});
