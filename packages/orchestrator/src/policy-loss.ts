import {
  type ArmIndex,
  type ArmLogProbs,
  armLogProbs,
  type BaselineState,
  computeAdvantages,
  expectedLoss,
  hardBest,
  type ResolvedObjectiveConfig,
  sampledLoss,
  softTargets,
  warmUpLoss,
} from "@haps/reward";
import { type Policy, type PolicyBatch, type Rng, tidyValue } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/** One batch with the outcomes of its actions. */
export interface LossBatch extends PolicyBatch {
  /** `[batch, actions]` row-major, `NaN` where not run or not open. */
  readonly rewards: Float32Array;
  /** Chance of each cell under the logging policy, for logs of chosen arms. */
  readonly propensity?: Float32Array;
}

/** A loss to differentiate, with what the baseline has learned from the batch. */
export interface PreparedLoss {
  readonly loss: () => tf.Tensor;
  readonly baseline: BaselineState;
}

/** What a loss is prepared from. */
export interface LossContext {
  readonly policy: Policy;
  readonly index: ArmIndex;
  readonly objective: ResolvedObjectiveConfig;
  readonly baseline: BaselineState;
  readonly rng: Rng;
}

/** Loss of one warm-up step: cross-entropy to the objective's targets. */
export function prepareWarmUp(context: LossContext, batch: LossBatch): PreparedLoss {
  const { objective, index, policy, baseline, rng } = context;
  const { warmUp } = objective;
  const actions = index.assignments.length;
  if (warmUp.kind === "none") return prepareJoint(context, batch);
  const targets =
    warmUp.kind === "soft"
      ? softTargets(batch.rewards, actions, warmUp.temperature)
      : hardBest(batch.rewards, actions, { ...warmUp, rng });
  const scale = warmUp.kind === "soft" ? warmUp.temperature : 1;
  return {
    // The factor keeps the slope of the warm-up that of the joint objective, so that one penalty fits both.
    loss: () => tf.mul(warmUpLoss(armLogProbs(index, policy.forward(batch)), targets, objective.reduction), scale),
    baseline,
  };
}

/** Loss of one joint step: the exact expectation, or the score function of sampled actions. */
export function prepareJoint(context: LossContext, batch: LossBatch): PreparedLoss {
  const { objective, index, policy } = context;
  if (objective.assignmentGradient === "expected") {
    return {
      loss: () => expectedLoss(armLogProbs(index, policy.forward(batch)), batch.rewards, objective),
      baseline: context.baseline,
    };
  }
  const sampled = sampleActions(context, batch);
  const rewards = Float32Array.from(
    sampled.rows,
    (row, place) => batch.rewards[row * index.assignments.length + (sampled.actions[place] as number)] as number,
  );
  // One action per row, so the batch is one group: its other rows are the baseline of a row.
  const { advantages, state } = computeAdvantages({ rewards }, objective.baseline, context.baseline);
  const all = new Float32Array(batch.features.shape[0]);
  sampled.rows.forEach((row, place) => {
    all[row] = advantages[place] as number;
  });
  const propensities =
    batch.propensity === undefined
      ? undefined
      : pickPropensities(batch.propensity, sampled, index.assignments.length, all.length);
  return {
    loss: () => {
      const levels = armLogProbs(index, policy.forward(batch));
      const picked = pickActions(levels, sampled, index.assignments.length, all.length);
      return sampledLoss(
        picked,
        { advantages: all, ...(propensities === undefined ? {} : { propensities }) },
        objective,
      );
    },
    baseline: state,
  };
}

interface SampledActions {
  /** Rows that have a recorded action. */
  readonly rows: readonly number[];
  /** Action of each of these rows. */
  readonly actions: readonly number[];
}

/**
 * One recorded action per row: what the log chose where it has propensities; else drawn from the policy. Under
 * `assignmentGradient: none` the assignment is the policy's best, as in the authors' code, and only the settings are drawn.
 */
function sampleActions(context: LossContext, batch: LossBatch): SampledActions {
  const { index, policy, rng, objective } = context;
  const actions = index.assignments.length;
  const { high, low } = tidyValue(() => {
    const levels = armLogProbs(index, policy.forward(batch));
    return { high: levels.assignments.dataSync<"float32">(), low: levels.settings?.dataSync<"float32">() };
  });
  const rows: number[] = [];
  const chosen: number[] = [];
  for (let row = 0; row < batch.features.shape[0]; row += 1) {
    const open = Array.from({ length: actions }, (_, action) => action).filter(
      (action) => !Number.isNaN(batch.rewards[row * actions + action] as number),
    );
    if (open.length === 0) continue;
    const logProb = (action: number): number =>
      (high[row * actions + action] as number) + (low?.[row * actions + action] ?? 0);
    const assignmentOf = (action: number): string => (index.assignments[action] ?? []).join();
    let allowed = open;
    if (objective.assignmentGradient === "none" && batch.propensity === undefined) {
      const greedy = open.reduce((best, action) =>
        (high[row * actions + action] as number) > (high[row * actions + best] as number) ? action : best,
      );
      allowed = open.filter((action) => assignmentOf(action) === assignmentOf(greedy));
    }
    const highest = Math.max(...allowed.map(logProb));
    const weights = allowed.map((action) => Math.exp(logProb(action) - highest));
    rows.push(row);
    chosen.push(allowed[rng.choice(weights)] as number);
  }
  return { rows, actions: chosen };
}

function pickActions(
  levels: ArmLogProbs,
  sampled: SampledActions,
  actions: number,
  batch: number,
): { assignments: tf.Tensor1D; settings: tf.Tensor1D | null } {
  const mask = new Float32Array(batch * actions);
  sampled.rows.forEach((row, place) => {
    mask[row * actions + (sampled.actions[place] as number)] = 1;
  });
  const choice = tf.tensor2d(mask, [batch, actions]);
  return {
    assignments: tf.sum(tf.mul(levels.assignments, choice), 1),
    settings: levels.settings === null ? null : tf.sum(tf.mul(levels.settings, choice), 1),
  };
}

/** Rows without a recorded action have advantage 0; their propensity of 1 is never felt. */
function pickPropensities(cells: Float32Array, sampled: SampledActions, actions: number, batch: number): Float32Array {
  const picked = new Float32Array(batch).fill(1);
  sampled.rows.forEach((row, place) => {
    picked[row] = cells[row * actions + (sampled.actions[place] as number)] as number;
  });
  return picked;
}
