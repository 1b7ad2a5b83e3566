import { bothLevels, resolveHapsConfig } from "@haps/orchestrator";
import { armMeans, rewardTable } from "@haps/reward";
import { createRng } from "@haps/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createActionSpace } from "../src/action-space.ts"; // internal
import { type CalibrationInput, calibrate } from "../src/calibration.ts"; // internal
import type { Levels } from "../src/levels.ts"; // internal
import { tableOf } from "./table.ts";

const ARMS = ["a", "b", "c"];
const TEMPERATURE = 0.5;
const COST = { kind: "bestArm", offset: 0, scale: 2 } as const;

interface Case {
  /** `[rows][arms]`, `NaN` where not run. */
  readonly scores: readonly (readonly number[])[];
  readonly costs?: readonly (readonly number[])[];
  readonly groups: readonly string[];
  readonly folds: readonly number[];
  /** Per cost weight the estimates of every row, `[weights][rows][arms]`, in units of reward. */
  readonly estimates: readonly (readonly (readonly number[])[])[];
  readonly costWeights: readonly number[];
  readonly levels?: Levels;
}

const shrinkage = { margins: [0, 0.05, 0.2], standardErrors: 1, tolerance: 0.01 };

function inputOf(one: Case): CalibrationInput {
  const { scores, costs, groups, folds, estimates, costWeights, levels = bothLevels } = one;
  const table = tableOf({ arms: ARMS, scores, groups, ...(costs === undefined ? {} : { costs }) });
  const rewards = rewardTable(table, costs === undefined ? null : COST);
  const means = armMeans(rewards);
  return {
    members: {
      actions: createActionSpace({ ...table, levels, means, settingsOf: () => null }),
      rewards,
      foldOf: Int32Array.from(folds),
      heldOut: estimates.map((rows) => Float32Array.from(rows.flat(), (value) => value / TEMPERATURE)),
    },
    groups,
    costWeights,
    temperature: TEMPERATURE,
    levels,
    shrinkage: resolveHapsConfig({ shrinkage }).shrinkage,
    rng: createRng(1),
  };
}

/** The rule of the documentation, row by row in float64. */
function bruteForce({ scores, costs, groups, folds, estimates, costWeights }: Case) {
  const arms = [...ARMS.keys()];
  const rows = [...scores.keys()];
  const ran = (row: number, arm: number): boolean => !Number.isNaN(scores[row]?.[arm]);
  const costOf = (row: number, arm: number): number => (costs?.[row]?.[arm] ?? 0) / COST.scale;
  const rewardOf = (row: number, arm: number, weight: number): number =>
    (scores[row]?.[arm] as number) - weight * costOf(row, arm);
  const bestOf = (among: readonly number[], worth: (arm: number) => number): number =>
    among.reduce((best, arm) => (Number.isNaN(worth(best)) || worth(arm) > worth(best) ? arm : best));
  const bestOnTrain = (row: number, weight: number): number => {
    const others = rows.filter((other) => folds[other] !== folds[row]);
    const mean = (arm: number): number => {
      const own = others.filter((other) => ran(other, arm));
      return own.reduce((sum, other) => sum + rewardOf(other, arm, weight), 0) / own.length;
    };
    return bestOf(
      arms.filter((arm) => ran(row, arm)),
      mean,
    );
  };
  return costWeights.map((weight, place) => {
    const estimate = (row: number, arm: number): number => estimates[place]?.[row]?.[arm] as number;
    const judge = (margin: number) => {
      const picks = rows.map((row) => {
        const reference = bestOnTrain(row, weight);
        const best = bestOf(
          arms.filter((arm) => ran(row, arm)),
          (arm) => estimate(row, arm),
        );
        const chosen = estimate(row, best) - estimate(row, reference) > margin ? best : reference;
        return { row, chosen, reference, top: bestOnTrain(row, 0) };
      });
      const average = (value: (pick: (typeof picks)[0]) => number): number =>
        picks.reduce((sum, pick) => sum + value(pick), 0) / picks.length;
      const gainOf = ({ row, chosen, reference }: (typeof picks)[0]): number =>
        rewardOf(row, chosen, weight) - rewardOf(row, reference, weight);
      const sums = [...new Set(groups)].map((group) =>
        picks.filter(({ row }) => groups[row] === group).reduce((sum, pick) => sum + gainOf(pick), 0),
      );
      const centre = sums.reduce((sum, value) => sum + value, 0) / sums.length;
      const spread = sums.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (sums.length - 1);
      return {
        margin,
        gain: average(gainOf),
        standardError: Math.sqrt(sums.length * spread) / rows.length,
        qualityDifference: average(({ row, chosen, top }) => rewardOf(row, chosen, 0) - rewardOf(row, top, 0)),
        costs: [
          average(({ row, chosen }) => costOf(row, chosen)),
          average(({ row, top }) => costOf(row, top)),
        ] as const,
      };
    };
    const bound = ({ gain, standardError }: ReturnType<typeof judge>): number =>
      gain - shrinkage.standardErrors * standardError;
    const tried = shrinkage.margins.map(judge).filter((one) => bound(one) > 0);
    if (tried.length === 0) return { ...judge(Number.POSITIVE_INFINITY), margin: null };
    return tried.reduce((best, one) => (bound(one) > bound(best) ? one : best));
  });
}

/** Scores and estimates that agree to some degree, so that margins differ between cases. */
const cases = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    rows: fc.integer({ min: 6, max: 20 }),
    trust: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ seed, rows, trust }): Case => {
    const rng = createRng(seed);
    const places = Array.from({ length: rows }, (_, row) => row);
    const scores = places.map(() => ARMS.map(() => rng.uniform()));
    const missing = scores.map((row) => row.map((value, arm) => (arm > 0 && rng.uniform() < 0.1 ? Number.NaN : value)));
    const estimates = [0, 1].map(() =>
      scores.map((row) => row.map((value) => trust * value + (1 - trust) * rng.uniform())),
    );
    return {
      scores: missing,
      costs: places.map(() => ARMS.map(() => 4 * rng.uniform())),
      groups: places.map((row) => `text ${Math.floor((row * 2) / 3)}`),
      folds: places.map((row) => Math.floor((row * 2) / 3) % 2),
      estimates,
      costWeights: [0, 0.3],
    };
  });

const flat = (rows: number, value: readonly number[]): readonly (readonly number[])[] =>
  new Array<readonly number[]>(rows).fill(value);

/** Questions on which arm `a` scores 0.5 and `b` scores 0.9 where `right` says so, else 0.1. */
function halves(right: readonly boolean[], estimates: readonly (readonly number[])[]): Case {
  const rows = [...right.keys()];
  return {
    scores: right.map((one) => [0.5, one ? 0.9 : 0.1, 0]),
    groups: rows.map((row) => `${row}`),
    folds: rows.map((row) => row % 2),
    estimates: [estimates],
    costWeights: [0],
  };
}

describe("calibrate", () => {
  it("chooses margins, gains, standard errors and differences as a recomputation by the documented rule does", () => {
    const margins = new Set<number | null>();
    fc.assert(
      fc.property(cases, (one) => {
        const { points } = calibrate(inputOf(one));
        bruteForce(one).forEach((expected, place) => {
          const got = points[place] as (typeof points)[0];
          margins.add(got.margin);
          expect(got.costWeight).toBe(one.costWeights[place]);
          expect(got.margin).toBe(expected.margin);
          expect(got.gain).toBeCloseTo(expected.gain, 5);
          expect(got.standardError).toBeCloseTo(expected.standardError, 5);
          expect(got.qualityDifference).toBeCloseTo(expected.qualityDifference, 5);
          expect(got.costRatio).toBeCloseTo(expected.costs[0] / expected.costs[1], 4);
        });
      }),
      { seed: 5, numRuns: 60 },
    );
    expect(margins.size, "the cases reach every margin and none").toBe(4);
  });

  it("counts texts and not rows: repeating every row within its text leaves the standard error as it is", () => {
    const one = halves([true, true, false, true, true, true, true, false, true, true], flat(10, [0, 0.3, -1]));
    const twice = <Value>(values: readonly Value[]): Value[] => values.flatMap((value) => [value, value]);
    const repeated: Case = {
      ...one,
      scores: twice(one.scores),
      groups: twice(one.groups),
      folds: twice(one.folds),
      estimates: one.estimates.map(twice),
    };
    const [single, double] = [one, repeated].map((input) => calibrate(inputOf(input)).points[0]);
    expect(double?.gain).toBeCloseTo(single?.gain as number, 6);
    expect(double?.standardError).toBeCloseTo(single?.standardError as number, 6);
  });

  it("has the standard error of a mean over independent texts", () => {
    const right = Array.from({ length: 20 }, (_, row) => row < 8);
    const [point] = calibrate(
      inputOf(
        halves(
          right,
          right.map((isRight) => [0.5, isRight ? 0.9 : 0.1, 0]),
        ),
      ),
    ).points;
    const mean = (8 * 0.4) / 20;
    const variance = (8 * (0.4 - mean) ** 2 + 12 * mean ** 2) / 19;
    expect(point?.margin).toBe(0);
    expect(point?.gain).toBeCloseTo(mean, 6);
    expect(point?.standardError).toBeCloseTo(Math.sqrt(variance / 20), 6);
  });

  it("never leaves the best arm where nothing pays", () => {
    const wrong = new Array<boolean>(10).fill(false);
    const { points } = calibrate(inputOf(halves(wrong, flat(10, [0, 1, 0]))));
    expect(points).toEqual([
      { costWeight: 0, margin: null, gain: 0, standardError: 0, qualityDifference: 0, costRatio: null },
    ]);
  });

  it("does not take a gain that is smaller than its standard errors", () => {
    // `b` is tried on nine texts and wins five of them: a gain of 0.02 with a standard error of 0.06.
    const right = Array.from({ length: 20 }, (_, row) => row < 5);
    const input = inputOf(
      halves(
        right,
        right.map((_, row) => [0, row < 9 ? 0.5 : -0.5, -1]),
      ),
    );
    expect(calibrate(input).points[0]).toMatchObject({ margin: null, gain: 0 });
    const trusting = { ...input, shrinkage: { ...input.shrinkage, standardErrors: 0 } };
    expect(calibrate(trusting).points[0]?.gain).toBeCloseTo(0.02, 6);
  });

  it("operates at the largest cost weight whose held-out quality is within the tolerance of the best arm's", () => {
    const rows = 8;
    const costWeights = [0, 0.05, 0.12, 2];
    const one: Case = {
      scores: flat(rows, [0.8, 0.8 - 0.005, 0.6]),
      costs: flat(rows, [2, 1.9, 0.1]),
      groups: Array.from({ length: rows }, (_, row) => `${row}`),
      folds: Array.from({ length: rows }, (_, row) => row % 2),
      estimates: costWeights.map(() => flat(rows, [0, 0, 0])),
      costWeights,
    };
    const { points, operatingPoint } = calibrate(inputOf(one));
    // Best arms on train: a at 0 and 0.05, b at 0.12, c at 2.
    expect(points.map((point) => Number(point.qualityDifference.toFixed(4)))).toEqual([0, 0, -0.005, -0.2]);
    expect(points.map((point) => Number(point.costRatio?.toFixed(3)))).toEqual([1, 1, 0.95, 0.05]);
    expect(operatingPoint).toBe(2);
  });

  it("judges a random high level by draws that depend on the text alone", () => {
    const rows = 40;
    const one: Case = {
      scores: flat(rows, [0.9, 0.5, 0.1]),
      groups: Array.from({ length: rows }, (_, row) => `${row % 20}`),
      folds: Array.from({ length: rows }, (_, row) => row % 2),
      estimates: [flat(rows, [0, 0, 0])],
      costWeights: [0],
      levels: { high: "random", low: "routed" },
    };
    const [point] = calibrate(inputOf(one)).points;
    expect(point?.gain).toBe(0);
    // A mean loss of (0 + 0.4 + 0.8) / 3 against always `a`, give or take the luck of 20 texts.
    expect(Math.abs((point?.qualityDifference as number) + 0.4)).toBeLessThan(3 * Math.sqrt(0.107 / 20));
  });
});

describe("calibrate on a log of chosen arms", () => {
  it("estimates an arm that was not logged by its mean, and corrects the logged one by its propensity", () => {
    const missing = Number.NaN;
    const scores = [
      [0.2, missing, missing],
      [missing, 0.6, missing],
      [0.4, missing, missing],
      [missing, 1, missing],
    ];
    const propensity = [0.5, missing, missing, missing, 0.25, missing, 0.5, missing, missing, missing, 0.25, missing];
    const estimates = [scores.map(() => [1, 0, 0])];
    const base = inputOf({ scores, groups: ["1", "2", "3", "4"], folds: [0, 0, 1, 1], estimates, costWeights: [0] });
    const logged = { propensity, clip: 10 };
    const { points } = calibrate({
      ...base,
      shrinkage: { ...base.shrinkage, margins: [0], standardErrors: -100 },
      logged,
    });
    // Means on the other fold: a .4 and .2, b 1 and .6; b is the best arm there, a is what the policy takes.
    const gains = [
      0.4 + 2 * (0.2 - 0.4) - 1,
      0.4 - (1 + 4 * (0.6 - 1)),
      0.2 + 2 * (0.4 - 0.2) - 0.6,
      0.2 - (0.6 + 4 * (1 - 0.6)),
    ];
    expect(points[0]?.gain).toBeCloseTo(gains.reduce((sum, gain) => sum + gain, 0) / 4, 6);
  });
});
