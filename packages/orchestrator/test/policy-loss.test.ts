import { type HapsConfig, resolveHapsConfig } from "@haps/orchestrator";
import { createArmIndex, initialBaselineState } from "@haps/reward";
import { createRng, createVariables, logSoftmax, type Policy, tidyValue } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { prepareJoint, prepareWarmUp } from "../src/policy-loss.ts"; // internal
import { describeOnCpu } from "./describe-on-cpu.ts";

type Objective = NonNullable<HapsConfig["objective"]>;

/** One row of logits, shared by all rows of a batch: arms are four candidates without settings. */
function bareContext(logits: readonly number[], objective: Objective) {
  const ids = logits.map((_, place) => `c${place}`);
  const variables = createVariables([["logits", { shape: [1, logits.length], values: Float32Array.from(logits) }]]);
  const policy: Policy = {
    variables,
    forward: ({ features }) => {
      const all = logSoftmax(tf.tile(variables.get("logits") as tf.Tensor2D, [features.shape[0], 1])) as tf.Tensor2D;
      return { assignments: { allLogProbs: () => all } as never, settings: () => null };
    },
  };
  const index = createArmIndex({
    roles: ["answerer"],
    pool: { candidates: ids.map((id) => ({ id, weights: "closed", parameters: {} })) },
    arms: ids.map((candidate) => ({ answerer: { candidate, settings: {} } })),
    settingsOf: () => null,
  });
  return {
    policy,
    index,
    objective: resolveHapsConfig({ objective }).objective,
    baseline: initialBaselineState,
    rng: createRng(9),
  };
}

const batchOf = (rewards: readonly (readonly number[])[]) => ({
  features: tf.zeros<tf.Rank.R2>([rewards.length, 1]),
  costWeights: tf.zeros<tf.Rank.R1>([rewards.length]),
  rewards: Float32Array.from(rewards.flat()),
});

describeOnCpu("prepareJoint", () => {
  const reinforce = { assignmentGradient: "reinforce", entropyWeight: 0 } as const;
  const never = Number.NaN;

  it("takes the mean of the other rows of the batch as the baseline of a row, for leave one out", () => {
    const context = bareContext([0, 0], { ...reinforce, baseline: { kind: "leaveOneOut" } });
    const { loss } = prepareJoint(
      context,
      batchOf([
        [1, never],
        [never, 0.5],
        [0, never],
      ]),
    );
    const advantages = [1 - 0.25, 0.5 - 0.5, 0 - 0.75];
    const expected = advantages.reduce((sum, advantage) => sum - (advantage * Math.log(0.5)) / 3, 0);
    expect(tidyValue(() => loss().dataSync()[0])).toBeCloseTo(expected, 6);
  });

  it("remembers the mean reward of a batch for the moving baseline", () => {
    const context = bareContext([0, 0], { ...reinforce, baseline: { kind: "moving", decay: 0.5 } });
    const batch = batchOf([
      [1, never],
      [never, 0.5],
    ]);
    const first = prepareJoint(context, batch);
    expect(first.baseline).toEqual({ average: 0.75, batches: 1 });
    const { loss, baseline } = prepareJoint({ ...context, baseline: first.baseline }, batch);
    expect(baseline.batches).toBe(2);
    expect(tidyValue(() => loss().dataSync()[0])).toBeCloseTo((-(0.25 - 0.25) * Math.log(0.5)) / 2, 6);
  });

  it("draws actions from the policy among those that were run, and lets a row without any count for nothing", () => {
    const logits = [2, 0, 1];
    const rows = 2000;
    const rewards = [1, 0, never];
    const context = bareContext(logits, reinforce);
    const drawn = prepareJoint(context, batchOf([...new Array<number[]>(rows).fill(rewards), [never, never, never]]));
    // Only draws of action 0 earn a reward: the loss counts them.
    const logTotal = Math.log(Math.exp(2) + 1 + Math.exp(1));
    const share = tidyValue(() => drawn.loss().dataSync()[0] as number) / -(2 - logTotal) / (rows / (rows + 1));
    expect(Math.abs(share - Math.exp(2) / (Math.exp(2) + 1))).toBeLessThan(3 * Math.sqrt((0.88 * 0.12) / rows));
  });

  it("keeps to the policy's best assignment where the high level gets no gradient, as the released code does", () => {
    const context = bareContext([1, 0], { ...reinforce, assignmentGradient: "none", parameterGradient: "likelihood" });
    const drawn = prepareJoint(context, batchOf(new Array<number[]>(50).fill([0, 1])));
    expect(drawn.baseline).toBe(context.baseline);
    const moving = bareContext([1, 0], { ...reinforce, assignmentGradient: "none", baseline: { kind: "moving" } });
    expect(prepareJoint(moving, batchOf(new Array<number[]>(50).fill([0, 1]))).baseline.average).toBe(0);
  });
});

describeOnCpu("prepareWarmUp", () => {
  const rewards = [
    [1, 0],
    [0.2, 0.4],
  ];

  it("is the cross-entropy to soft targets in units of reward", () => {
    const context = bareContext([0.3, -0.3], { warmUp: { kind: "soft", temperature: 0.5 } });
    const logTotal = Math.log(Math.exp(0.3) + Math.exp(-0.3));
    const losses = rewards.map((row) => {
      const weights = row.map((reward) => Math.exp(reward / 0.5));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return -weights.reduce((sum, weight, arm) => sum + (weight / total) * ([0.3, -0.3][arm] as number), 0) + logTotal;
    });
    const expected = (0.5 * (losses as [number, number]).reduce((sum, loss) => sum + loss, 0)) / 2;
    expect(tidyValue(() => prepareWarmUp(context, batchOf(rewards)).loss().dataSync()[0])).toBeCloseTo(expected, 6);
  });

  it("is the cross-entropy to the best arm for hard targets, and the joint loss where there is no warm-up", () => {
    const hard = bareContext([0.3, -0.3], { warmUp: { kind: "hard" } });
    const logTotal = Math.log(Math.exp(0.3) + Math.exp(-0.3));
    expect(tidyValue(() => prepareWarmUp(hard, batchOf(rewards)).loss().dataSync()[0])).toBeCloseTo(
      (logTotal - 0.3 + (logTotal + 0.3)) / 2,
      6,
    );
    const none = bareContext([0.3, -0.3], { warmUp: { kind: "none" } });
    const [warm, joint] = [prepareWarmUp, prepareJoint].map((prepare) =>
      tidyValue(() => prepare(none, batchOf(rewards)).loss().dataSync()[0]),
    );
    expect(warm).toBe(joint);
  });
});
