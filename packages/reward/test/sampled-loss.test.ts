import {
  type ExpectedLossOptions,
  expectedLoss,
  objectivePresets,
  resolveObjective,
  type SampledLossOptions,
  sampledLoss,
  shapeQuality,
} from "@haps/reward";
import { tidyValue } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { ARMS, armLogProbsOf, pick } from "./policy.ts";

const OPTIONS: SampledLossOptions = {
  assignmentGradient: "reinforce",
  parameterGradient: "likelihood",
  entropyWeight: 0,
  reduction: "sum",
  importanceClip: 10,
};
const REWARDS = [1, 0, 0.5, 0.2, -0.3, 0.8];
const HIGH = [[0.4, -0.2]];
const LOW = [
  [0.1, 0.5, -0.7],
  [0, 0.3, 0.9],
];

type Levels = Pick<ExpectedLossOptions, "assignmentGradient" | "parameterGradient">;

/** Adds nothing but a path from an input to the loss: without one, tfjs throws in place of giving a gradient of 0. */
const connected = (loss: tf.Scalar, ...inputs: tf.Tensor[]): tf.Scalar =>
  tf.addN([loss, ...inputs.map((input) => tf.sum<tf.Scalar>(tf.mul(input, 0)))]);

/** Gradients for the logits of both levels, one after the other. */
function gradients(loss: (high: tf.Tensor2D, low: tf.Tensor2D) => tf.Scalar): number[] {
  const found = tf.grads((high: tf.Tensor, low: tf.Tensor) =>
    connected(loss(high as tf.Tensor2D, low as tf.Tensor2D), high, low),
  )([tf.tensor2d(HIGH), tf.tensor2d(LOW)]);
  return found.flatMap((gradient) => [...gradient.dataSync()]);
}

/** Mean of the estimate over everything that may be sampled: `Σ_a chance_a · gradient(a)`. */
function meanGradient(
  chances: readonly number[],
  options: SampledLossOptions,
  propensities?: readonly number[],
): number[] {
  const mean = new Array<number>(8).fill(0);
  for (let arm = 0; arm < ARMS; arm += 1) {
    const outcomes = {
      advantages: [REWARDS[arm] as number],
      ...(propensities === undefined ? {} : { propensities: [propensities[arm] as number] }),
    };
    gradients((high, low) => sampledLoss(pick(armLogProbsOf(high, low), arm), outcomes, options)).forEach(
      (value, index) => {
        mean[index] = (mean[index] as number) + (chances[arm] as number) * value;
      },
    );
  }
  return mean;
}

function policyChances(): number[] {
  const { assignments, settings } = armLogProbsOf(tf.tensor2d(HIGH), tf.tensor2d(LOW));
  return [...tf.exp(tf.add(assignments, settings as tf.Tensor2D)).dataSync()];
}

describeEachBackend("sampledLoss", () => {
  const levels: readonly Levels[] = [
    { assignmentGradient: "reinforce", parameterGradient: "likelihood" },
    { assignmentGradient: "reinforce", parameterGradient: "none" },
    { assignmentGradient: "none", parameterGradient: "likelihood" },
  ];

  it.each(levels)(
    "has on average the gradient of the exact loss: $assignmentGradient, $parameterGradient",
    (chosen) => {
      for (const entropyWeight of [0, 0.3]) {
        tidyValue(() => {
          const options = { ...OPTIONS, ...chosen, entropyWeight };
          const exact = gradients((high, low) => expectedLoss(armLogProbsOf(high, low), REWARDS, options));
          expect(Math.max(...exact.map(Math.abs))).toBeGreaterThan(0.01);
          expectClose(meanGradient(policyChances(), options), exact, { rtol: 1e-4, atol: 1e-6 });
        });
      }
    },
  );

  it("has the same average on a log of another policy, weighed by its propensities", () => {
    const propensities = [0.3, 0.1, 0.1, 0.2, 0.2, 0.1];
    tidyValue(() => {
      const options = { ...OPTIONS, entropyWeight: 0.2, importanceClip: 1e6 };
      const exact = gradients((high, low) => expectedLoss(armLogProbsOf(high, low), REWARDS, options));
      expectClose(meanGradient(propensities, options, propensities), exact, { rtol: 1e-4, atol: 1e-6 });
    });
  });

  it("weighs a logged arm by π / propensity, at most by the clip", () => {
    const logProbs = {
      assignments: tf.tensor1d([Math.log(0.5), Math.log(0.5)]),
      settings: tf.tensor1d([0, Math.log(0.5)]),
    };
    const gradient = (importanceClip: number): number[] => {
      const outcomes = { advantages: [1, 1], propensities: [0.1, 0.5] };
      const loss = (x: tf.Tensor): tf.Scalar =>
        sampledLoss({ ...logProbs, assignments: x as tf.Tensor1D }, outcomes, { ...OPTIONS, importanceClip });
      return tidyValue(() => [...tf.grad(loss)(logProbs.assignments).dataSync()]);
    };
    expectClose(gradient(10), [-5, -0.5], { rtol: 1e-6 });
    expectClose(gradient(2), [-2, -0.5], { rtol: 1e-6 });
    tf.dispose(logProbs);
  });

  it("treats advantages and importance weights as constants: its gradient is -c (A - τ ℓ)", () => {
    tidyValue(() => {
      const assignments = tf.tensor1d([-0.5, -1.5]);
      const settings = tf.tensor1d([-0.25, -0.1]);
      const advantages = [0.8, -0.4];
      const tau = 0.3;
      const loss = (high: tf.Tensor, low: tf.Tensor): tf.Scalar =>
        sampledLoss(
          { assignments: high as tf.Tensor1D, settings: low as tf.Tensor1D },
          { advantages },
          {
            ...OPTIONS,
            entropyWeight: tau,
          },
        );
      const [high, low] = tf.grads(loss)([assignments, settings]) as [tf.Tensor, tf.Tensor];
      const expected = [-(0.8 - tau * -0.75), -(-0.4 - tau * -1.6)];
      expectClose(high, expected, { rtol: 1e-5 });
      expectClose(low, expected, { rtol: 1e-5 });
      const mean = tf.grad((x: tf.Tensor) =>
        sampledLoss(
          { assignments: x as tf.Tensor1D, settings: null },
          { advantages },
          { ...OPTIONS, reduction: "mean" },
        ),
      )(assignments);
      expectClose(mean, [-0.4, 0.2], { rtol: 1e-5 });
    });
  });

  it("is -R log P(z, w) under the preset `paper` (Eq. 5)", () => {
    const paper = resolveObjective(objectivePresets.paper);
    tidyValue(() => {
      const logProbs = { assignments: tf.tensor1d([-0.5, -2]), settings: tf.tensor1d([-1, -0.3]) };
      const loss = sampledLoss(logProbs, { advantages: [0.7, 0] }, paper);
      expectClose(loss, (0.7 * 1.5) / 2, { rtol: 1e-6 });
    });
  });

  it("gives the assignment no gradient and pushes zero scores down under the preset `released`", () => {
    const released = resolveObjective(objectivePresets.released);
    tidyValue(() => {
      const advantages = [0, 0.6].map((quality) => shapeQuality(quality, released.shaping));
      const loss = (high: tf.Tensor, low: tf.Tensor): tf.Scalar =>
        connected(
          sampledLoss({ assignments: high as tf.Tensor1D, settings: low as tf.Tensor1D }, { advantages }, released),
          high,
        );
      const [high, low] = tf.grads(loss)([tf.tensor1d([-1, -1]), tf.tensor1d([-2, -3])]) as [tf.Tensor, tf.Tensor];
      expectClose(high, [0, 0], { rtol: 0, atol: 0 });
      expectClose(low, [1, -0.6], { rtol: 1e-6 });
    });
  });

  it("is 0 with a gradient of 0 where no level gets one", () => {
    const none = { ...OPTIONS, assignmentGradient: "none", parameterGradient: "none" } as const;
    tidyValue(() => {
      for (const settings of [null, tf.tensor1d([-1, -2])]) {
        const loss = (x: tf.Tensor): tf.Scalar =>
          sampledLoss({ assignments: x as tf.Tensor1D, settings }, { advantages: [1, 2] }, none);
        expectClose(loss(tf.tensor1d([-1, -1])), 0);
        expectClose(tf.grad(loss)(tf.tensor1d([-1, -1])), [0, 0], { atol: 0 });
      }
    });
  });

  it("has a gradient that central differences confirm where nothing else depends on the policy", () => {
    tidyValue(() => {
      checkGradient(
        (x) => sampledLoss({ assignments: x as tf.Tensor1D, settings: null }, { advantages: [0.4, -1, 2] }, OPTIONS),
        [tf.tensor1d([-0.5, -1, -2])],
      );
    });
  });

  it("leaves nothing allocated", () => {
    const logProbs = { assignments: tf.tensor1d([-1, -2]), settings: tf.tensor1d([-1, -0.5]) };
    const outcomes = { advantages: [1, 0.5], propensities: [0.5, 0.5] };
    expectNoTensorLeak(() => sampledLoss(logProbs, outcomes, OPTIONS));
    expectNoTensorLeak(() =>
      tf.grad((x: tf.Tensor) => sampledLoss({ ...logProbs, assignments: x as tf.Tensor1D }, outcomes, OPTIONS))(
        logProbs.assignments,
      ),
    );
    tf.dispose(logProbs);
  });

  it("refuses other shapes, and advantages and propensities that are not usable", () => {
    tidyValue(() => {
      const logProbs = { assignments: tf.tensor1d([-1, -2]), settings: null };
      const failing = (code: string, text: string): Error =>
        expect.objectContaining({ code, message: expect.stringContaining(text) as unknown }) as Error;
      const run = (outcomes: Parameters<typeof sampledLoss>[1]) => () => sampledLoss(logProbs, outcomes, OPTIONS);
      expect(run({ advantages: [1] })).toThrow(failing("shape", "advantages"));
      expect(run({ advantages: [1, 1], propensities: [1] })).toThrow(failing("shape", "propensities"));
      expect(run({ advantages: [1, Number.NaN] })).toThrow(failing("non-finite", "row 1 has advantage NaN"));
      for (const propensity of [0, -0.1, 1.1, Number.NaN]) {
        expect(run({ advantages: [1, 1], propensities: [0.5, propensity] })).toThrow(
          failing("non-finite", `the propensity of row 1 is ${propensity}`),
        );
      }
      const settings = tf.tensor1d([-1]);
      expect(() => sampledLoss({ ...logProbs, settings }, { advantages: [1, 1] }, OPTIONS)).toThrow(
        failing("shape", "settings"),
      );
    });
  });
});
