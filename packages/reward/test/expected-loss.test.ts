import { type ArmLogProbs, type ExpectedLossOptions, expectedLoss } from "@haps/reward";
import { FORBIDDEN_LOG_PROBABILITY, logSoftmax, tidyValue } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ARMS, armLogProbsOf, logSumExp } from "./policy.ts";

const OPTIONS: ExpectedLossOptions = {
  assignmentGradient: "expected",
  parameterGradient: "likelihood",
  entropyWeight: 0,
  reduction: "sum",
};

/** `-Σ q (R - τ log q)` of one row in float64; `undefined` when nothing is recorded. */
function lossByFormula(logProbs: readonly number[], rewards: readonly number[], tau: number): number | undefined {
  const recorded = rewards.flatMap((value, arm) => (Number.isNaN(value) ? [] : [arm]));
  if (recorded.length === 0) return undefined;
  const logSum = logSumExp(recorded.map((arm) => logProbs[arm] as number));
  return -recorded.reduce((sum, arm) => {
    const logWeight = (logProbs[arm] as number) - logSum;
    return sum + Math.exp(logWeight) * ((rewards[arm] as number) - tau * logWeight);
  }, 0);
}

const joint = (logits: tf.Tensor2D): ArmLogProbs => ({
  assignments: logSoftmax(logits) as tf.Tensor2D,
  settings: null,
});
const number = (min: number, max: number) => fc.double({ min, max, noNaN: true }).map(Math.fround);

describeEachBackend("expectedLoss", () => {
  it("agrees with its formula in float64, arms that were not run left out", () => {
    const rows = fc.array(
      fc.record({
        logits: fc.array(number(-3, 3), { minLength: 4, maxLength: 4 }),
        rewards: fc.array(fc.option(number(-2, 1), { nil: Number.NaN }), { minLength: 4, maxLength: 4 }),
      }),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(rows, number(0, 1), fc.constantFrom("sum", "mean"), (batch, entropyWeight, reduction) => {
        tidyValue(() => {
          const levels = joint(tf.tensor2d(batch.map(({ logits }) => logits)));
          const logProbs = levels.assignments.arraySync();
          const losses = batch.flatMap(({ rewards }, row) => {
            const loss = lossByFormula(logProbs[row] as number[], rewards, entropyWeight);
            return loss === undefined ? [] : [loss];
          });
          const sum = losses.reduce((total, loss) => total + loss, 0);
          const got = expectedLoss(
            levels,
            batch.flatMap(({ rewards }) => rewards),
            { ...OPTIONS, entropyWeight, reduction },
          );
          expect(got.shape).toEqual([]);
          expectClose(got, reduction === "mean" ? sum / Math.max(1, losses.length) : sum, { rtol: 1e-5, atol: 1e-5 });
        });
      }),
      { seed: 13, numRuns: 60 },
    );
  });

  it("has correct gradients, entropy and missing arms included", () => {
    const rewards = [1, 0.2, Number.NaN, -0.5, Number.NaN, 0.3, 0.9, 0.1, ...new Array<number>(4).fill(Number.NaN)];
    tidyValue(() => {
      const logits = tf.tensor2d([0.3, -0.2, 1, 0.5, 2, -1, 0, 0.7, 1, 2, 3, 4], [3, 4]);
      for (const entropyWeight of [0, 0.4]) {
        for (const reduction of ["sum", "mean"] as const) {
          const options = { ...OPTIONS, entropyWeight, reduction };
          checkGradient((x) => expectedLoss(joint(x as tf.Tensor2D), rewards, options), [logits]);
          checkGradient(
            (x) => expectedLoss({ assignments: x as tf.Tensor2D, settings: null }, rewards, options),
            [logits],
          );
        }
      }
    });
  });

  it("has its minimum at softmax(R / τ), where it is -τ log Σ exp(R / τ)", () => {
    const rewards = [0.9, 0.1, -0.4, 0.5];
    for (const tau of [0.1, 0.5, 2]) {
      const scaled = rewards.map((value) => value / tau);
      const options = { ...OPTIONS, entropyWeight: tau };
      tidyValue(() => {
        const lossOf = (logits: tf.Tensor): tf.Scalar => expectedLoss(joint(logits as tf.Tensor2D), rewards, options);
        const best = tf.tensor2d([scaled]);
        expectClose(lossOf(best), -tau * logSumExp(scaled), { rtol: 1e-5 });
        expectClose(tf.grad(lossOf)(best), [0, 0, 0, 0], { atol: 1e-6 });
        const lowest = lossOf(best).dataSync()[0] as number;
        for (const move of [0.5, -0.5]) {
          scaled.forEach((value, arm) => {
            const moved = lossOf(tf.tensor2d([scaled.with(arm, value + move)])).dataSync()[0];
            // Arms of hardly any probability change the loss by less than float32 can show.
            const isSeen = Math.exp(value - logSumExp(scaled)) > 0.01;
            expect(moved).toBeGreaterThan(isSeen ? lowest + 1e-5 : lowest - 1e-6);
          });
        }
      });
    }
  });

  it("takes levels without a gradient as constants", () => {
    const rewards = [1, 0, 0.5, 0.2, -0.3, 0.8];
    tidyValue(() => {
      const high = tf.tensor2d([[0.4, -0.2]]);
      const low = tf.tensor2d([
        [0.1, 0.5, -0.7],
        [0, 0.3, 0.9],
      ]);
      const loss = (options: Partial<ExpectedLossOptions>) => (h: tf.Tensor, w: tf.Tensor) =>
        expectedLoss(armLogProbsOf(h as tf.Tensor2D, w as tf.Tensor2D), rewards, { ...OPTIONS, ...options });
      const gradients = (options: Partial<ExpectedLossOptions>): tf.Tensor[] => tf.grads(loss(options))([high, low]);
      const [fullHigh, fullLow] = gradients({}) as [tf.Tensor, tf.Tensor];
      expect(tf.max(tf.abs(fullHigh)).dataSync()[0]).toBeGreaterThan(0.01);
      expect(tf.max(tf.abs(fullLow)).dataSync()[0]).toBeGreaterThan(0.01);
      const [noHigh, onlyLow] = gradients({ assignmentGradient: "none" }) as [tf.Tensor, tf.Tensor];
      expectClose(noHigh, [0, 0], { rtol: 0, atol: 0 });
      expectClose(onlyLow, fullLow, { atol: 1e-7 });
      const [onlyHigh, noLow] = gradients({ parameterGradient: "none" }) as [tf.Tensor, tf.Tensor];
      expectClose(onlyHigh, fullHigh, { atol: 1e-7 });
      expectClose(noLow, new Array<number>(ARMS).fill(0), { rtol: 0, atol: 0 });
      expectClose(loss({ parameterGradient: "none" })(high, low), loss({})(high, low), { rtol: 0, atol: 0 });
    });
  });

  it("gives forbidden arms no weight and no gradient", () => {
    tidyValue(() => {
      const mask = tf.tensor2d([[1, 0, 1]]);
      const levels = (x: tf.Tensor): ArmLogProbs => ({
        assignments: logSoftmax(x, { mask }) as tf.Tensor2D,
        settings: null,
      });
      const logits = tf.tensor2d([[0.5, 3, -0.5]]);
      const rewards = [1, 100, 0];
      const options = { ...OPTIONS, entropyWeight: 0.2 };
      const logProbs = [0, -1].map((value) => value - logSumExp([0, -1]));
      const expected = lossByFormula([...logProbs], [1, 0], 0.2) as number;
      expectClose(expectedLoss(levels(logits), rewards, options), expected, { rtol: 1e-5 });
      const gradient = tf
        .grad((x: tf.Tensor) => expectedLoss(levels(x), rewards, options))(logits)
        .dataSync();
      expect(gradient[1]).toBe(0);
      expect(gradient[0]).toBeLessThan(0);
      const constant = tf.fill<tf.Rank.R2>([1, 3], FORBIDDEN_LOG_PROBABILITY);
      expectClose(expectedLoss({ assignments: constant, settings: null }, rewards, options), 0);
    });
  });

  it("is 0 with a gradient of 0 when nothing is recorded", () => {
    tidyValue(() => {
      const nothing = new Array<number>(6).fill(Number.NaN);
      const lossOf = (x: tf.Tensor): tf.Scalar =>
        expectedLoss(joint(x as tf.Tensor2D), nothing, { ...OPTIONS, reduction: "mean" });
      expectClose(lossOf(tf.ones([2, 3])), 0);
      expectClose(tf.grad(lossOf)(tf.ones([2, 3])), new Array<number>(6).fill(0), { atol: 0 });
    });
  });

  it("leaves nothing allocated and keeps what it borrowed", () => {
    const levels = tf.tidy(() => armLogProbsOf(tf.tensor2d([[1, 2]]), tf.ones([2, 3])) as never) as unknown as {
      assignments: tf.Tensor2D;
      settings: tf.Tensor2D;
    };
    const rewards = [1, 0, 0.5, 0.2, Number.NaN, 0.8];
    const options = { ...OPTIONS, assignmentGradient: "none" } as const;
    expectNoTensorLeak(() => expectedLoss(levels, rewards, options));
    expectNoTensorLeak(() =>
      tf.grad((x: tf.Tensor) => expectedLoss({ ...levels, settings: x as tf.Tensor2D }, rewards, options))(
        levels.settings,
      ),
    );
    expect(levels.assignments.isDisposed || levels.settings.isDisposed).toBe(false);
    tf.dispose(levels);
  });

  it("refuses other shapes and numbers that are not finite", () => {
    tidyValue(() => {
      const levels: ArmLogProbs = { assignments: tf.zeros([2, 3]), settings: null };
      const failing = (code: string, text: string): unknown =>
        expect.objectContaining({ code, message: expect.stringContaining(text) as unknown });
      expect(() => expectedLoss(levels, [1, 2, 3], OPTIONS)).toThrow(failing("shape", "rewards"));
      const narrow = { ...levels, settings: tf.zeros<tf.Rank.R2>([2, 2]) };
      expect(() => expectedLoss(narrow, new Array<number>(6).fill(0), OPTIONS)).toThrow(failing("shape", "settings"));
      const rewards = [0, 0, 0, 0, Number.POSITIVE_INFINITY, 0];
      expect(() => expectedLoss(levels, rewards, OPTIONS)).toThrow(failing("non-finite", "arm 1 of row 1"));
      const broken = { assignments: tf.fill<tf.Rank.R2>([2, 3], Number.NaN), settings: null };
      expect(() => expectedLoss(broken, new Array<number>(6).fill(0), OPTIONS)).toThrow(
        failing("non-finite", "arm 0 of row 0 has log-probability NaN"),
      );
    });
  });
});
