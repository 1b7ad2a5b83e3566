import { type ArmLogProbs, hardBest, softTargets, type TiePolicy, type WarmUpTargets, warmUpLoss } from "@haps/reward";
import { createRng, logSoftmax, tidyValue } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { armLogProbsOf, logSumExp } from "./policy.ts";

const NOT_RUN = Number.NaN;
const failing = (code: string, text: string): Error =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as unknown }) as Error;

/** Scores as they occur: many zeros and ones, some in between, some not run. */
const score = fc.oneof(fc.constantFrom(0, 1, 0.5, NOT_RUN), fc.double({ min: 0, max: 1, noNaN: true }));
const table = fc
  .integer({ min: 1, max: 5 })
  .chain((arms) => fc.array(fc.array(score, { minLength: arms, maxLength: arms }), { minLength: 1, maxLength: 6 }));

describe("softTargets", () => {
  it("are the softmax of the rewards over the recorded arms", () => {
    fc.assert(
      fc.property(table, fc.double({ min: 0.02, max: 3, noNaN: true }), (rows, temperature) => {
        const arms = (rows[0] as number[]).length;
        const { targets, weights, recorded, dropped } = softTargets(rows.flat(), arms, temperature);
        rows.forEach((row, index) => {
          const run = row.filter((value) => !Number.isNaN(value)).map((value) => value / temperature);
          const expected = row.map((value) =>
            Number.isNaN(value) ? 0 : Math.exp(value / temperature - logSumExp(run)),
          );
          expectClose(targets.subarray(index * arms, (index + 1) * arms), expected, { atol: 1e-6 });
          expect(weights[index]).toBe(run.length > 0 ? 1 : 0);
        });
        expect([...recorded]).toEqual(rows.flat().map((value) => (Number.isNaN(value) ? 0 : 1)));
        expect(dropped).toBe([...weights].filter((weight) => weight === 0).length);
      }),
      { seed: 19, numRuns: 100 },
    );
  });

  it("stay finite for rewards of any size", () => {
    expect([...softTargets([1e30, -1e30, 1e30], 3, 1e-3).targets]).toEqual([0.5, 0, 0.5]);
  });

  it("refuse temperatures that are not positive, rows that do not fill and infinite rewards", () => {
    for (const temperature of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => softTargets([1, 0], 2, temperature)).toThrow(failing("config", "for the limit 0 use hardBest"));
    }
    expect(() => softTargets([1, 0, 1], 2, 1)).toThrow(failing("shape", "3 rewards do not fill rows of 2 arms"));
    expect(() => softTargets([1], 0, 1)).toThrow(failing("shape", "0 arms"));
    expect(() => softTargets([1, Number.NEGATIVE_INFINITY], 2, 1)).toThrow(failing("non-finite", "reward 1"));
  });
});

/**
 * The authors' label building: per question the best score; none if it is below 1e-6; arms within 1e-12 of it are ties;
 * `all` makes one training row per tie, `deterministic_one` takes the first in order.
 */
function releasedRows(scores: readonly number[], all: boolean): number[] {
  const best = Math.max(...scores.filter((value) => !Number.isNaN(value)));
  if (!(best >= 1e-6)) return [];
  const ties = scores.flatMap((value, arm) => (Math.abs(value - best) <= 1e-12 ? [arm] : []));
  return all ? ties : ties.slice(0, 1);
}

describe("hardBest", () => {
  it.each<TiePolicy>(["all", "deterministicOne"])("builds the labels of the authors' code, ties %s", (tiePolicy) => {
    fc.assert(
      fc.property(table, (rows) => {
        const arms = (rows[0] as number[]).length;
        const { targets, weights, dropped } = hardBest(rows.flat(), arms, { tiePolicy });
        let empty = 0;
        rows.forEach((row, index) => {
          const labels = releasedRows(row, tiePolicy === "all");
          if (labels.length === 0) empty += 1;
          expect(weights[index]).toBe(labels.length);
          const expected = row.map((_, arm) => (labels.includes(arm) ? 1 / labels.length : 0));
          expectClose(targets.subarray(index * arms, (index + 1) * arms), expected, { atol: 1e-7 });
        });
        expect(dropped).toBe(empty);
      }),
      { seed: 31, numRuns: 100 },
    );
  });

  it("draws one of the ties, each equally often", () => {
    const rows = 3000;
    const rewards = Array.from({ length: rows }, () => [1, 0.2, 1, 1, NOT_RUN]).flat();
    const { targets, weights } = hardBest(rewards, 5, { tiePolicy: "randomOne", rng: createRng(3) });
    const counts = [0, 0, 0, 0, 0];
    targets.forEach((value, cell) => {
      counts[cell % 5] = (counts[cell % 5] as number) + value;
    });
    expect([counts[1], counts[4]]).toEqual([0, 0]);
    const chiSquare = [0, 2, 3].reduce((sum, arm) => sum + ((counts[arm] as number) - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(13.8); // quantile 0.999 of chi-square with 2 degrees of freedom
    expect(weights.every((weight) => weight === 1)).toBe(true);
  });

  it("drops rows below the minimum that it is given", () => {
    const rewards = [-0.5, -0.2, 0.3, 0.1];
    expect([...hardBest(rewards, 2, { tiePolicy: "all" }).weights]).toEqual([0, 1]);
    const everything = hardBest(rewards, 2, { tiePolicy: "all", minimumReward: Number.NEGATIVE_INFINITY });
    expect([...everything.targets]).toEqual([0, 1, 1, 0]);
    expect(hardBest(rewards, 2, { tiePolicy: "all", minimumReward: 0.3 }).dropped).toBe(1);
  });

  it("refuses to draw without a generator, and rows that do not fill", () => {
    expect(() => hardBest([1], 1, { tiePolicy: "randomOne" })).toThrow(failing("config", "randomOne needs an rng"));
    expect(() => hardBest([1, 2, 3], 2, { tiePolicy: "all" })).toThrow(failing("shape", "hardBest"));
  });
});

/** `Σ_b w_b Σ_a -t_a log q_a` in float64, q over the recorded arms. */
function lossByFormula(logProbs: readonly (readonly number[])[], targets: WarmUpTargets): number {
  const arms = (logProbs[0] as readonly number[]).length;
  return logProbs.reduce((sum, row, index) => {
    const weight = targets.weights[index] as number;
    if (weight === 0) return sum;
    const logSum = logSumExp(row.filter((_, arm) => targets.recorded[index * arms + arm] === 1));
    return (
      sum +
      row.reduce((loss, logProb, arm) => {
        const target = targets.targets[index * arms + arm] as number;
        return target === 0 ? loss : loss - weight * target * (logProb - logSum);
      }, 0)
    );
  }, 0);
}

describeEachBackend("warmUpLoss", () => {
  const rewards = [1, 1, 0, NOT_RUN, 0.2, 0.9, NOT_RUN, 0.1, 0, 0, 0, 0];
  const logits = [
    [0.3, -1, 0.2, 2],
    [1, 0, -0.4, 0.6],
    [0.1, 0.2, 0.3, 0.4],
  ];
  const joint = (x: tf.Tensor): ArmLogProbs => ({ assignments: logSoftmax(x) as tf.Tensor2D, settings: null });

  it("is the weighted cross-entropy over the recorded arms", () => {
    for (const targets of [softTargets(rewards, 4, 0.3), hardBest(rewards, 4, { tiePolicy: "all" })]) {
      tidyValue(() => {
        const levels = joint(tf.tensor2d(logits));
        const expected = lossByFormula(levels.assignments.arraySync(), targets);
        const weight = targets.weights.reduce((sum, value) => sum + value, 0);
        expectClose(warmUpLoss(levels, targets, "sum"), expected, { rtol: 1e-5 });
        expectClose(warmUpLoss(levels, targets, "mean"), expected / weight, { rtol: 1e-5 });
      });
    }
  });

  it("equals one training row per tied arm, as the authors' code has them", () => {
    const scores = [1, 1, 0, 1, 0.5, 0.2, 0, 0, 0];
    tidyValue(() => {
      const levels = joint(tf.tensor2d([0.5, -0.3, 0.1, 1, 0, 2, 0.2, 0.4, 0.6], [3, 3]));
      const logProbs = levels.assignments.arraySync();
      const expected = logProbs.reduce(
        (sum, row, index) =>
          releasedRows(scores.slice(3 * index, 3 * index + 3), true).reduce(
            (loss, arm) => loss - (row[arm] as number),
            sum,
          ),
        0,
      );
      expectClose(warmUpLoss(levels, hardBest(scores, 3, { tiePolicy: "all" }), "sum"), expected, { rtol: 1e-5 });
    });
  });

  it("has correct gradients for both levels", () => {
    const targets = softTargets([1, 0.3, NOT_RUN, 0, 0.8, 0.5], 6, 0.5);
    tidyValue(() => {
      for (const reduction of ["sum", "mean"] as const) {
        checkGradient(
          (high, low) => warmUpLoss(armLogProbsOf(high as tf.Tensor2D, low as tf.Tensor2D), targets, reduction),
          [tf.tensor2d([[0.4, -0.1]]), tf.tensor2d([0.3, 0.1, -0.5, 0, 1, 0.2], [2, 3])],
        );
      }
    });
  });

  it("is lowest where the policy is the target", () => {
    const targets = softTargets([0.9, 0.1, 0.4], 3, 0.2);
    tidyValue(() => {
      const gradient = tf.grad((x: tf.Tensor) => warmUpLoss(joint(x), targets, "sum"));
      expectClose(gradient(tf.log(tf.tensor2d(targets.targets, [1, 3]))), [0, 0, 0], { atol: 1e-6 });
    });
  });

  it("is 0 with a gradient of 0 when every row was dropped", () => {
    const targets = hardBest([0, 0, NOT_RUN, NOT_RUN], 2, { tiePolicy: "all" });
    expect(targets.dropped).toBe(2);
    tidyValue(() => {
      for (const reduction of ["sum", "mean"] as const) {
        const loss = (x: tf.Tensor): tf.Scalar => warmUpLoss(joint(x), targets, reduction);
        expectClose(loss(tf.ones([2, 2])), 0);
        expectClose(tf.grad(loss)(tf.ones([2, 2])), [0, 0, 0, 0], { atol: 0 });
      }
    });
  });

  it("leaves nothing allocated and refuses targets of another batch", () => {
    const levels = { assignments: tf.zeros<tf.Rank.R2>([3, 4]), settings: tf.zeros<tf.Rank.R2>([3, 4]) };
    expectNoTensorLeak(() => warmUpLoss(levels, softTargets(rewards, 4, 1), "mean"));
    expect(() => warmUpLoss(levels, softTargets(rewards, 6, 1), "mean")).toThrow(failing("shape", "targets"));
    tf.dispose(levels);
  });
});
