import { type ResolvedObjectiveConfig, type RewardTable, rewardCells } from "@haps/reward";
import * as tf from "@tensorflow/tfjs";
import type { ActionSpace } from "./action-space.ts";
import type { LossBatch } from "./policy-loss.ts";

/** Rows of feature vectors, `[rows, dimension]` row-major. */
export interface FeatureRows {
  readonly values: Float32Array;
  readonly dimension: number;
}

/** What {@link makeBatch} reads. */
export interface BatchSource {
  readonly features: FeatureRows;
  readonly rewards: RewardTable;
  readonly actions: ActionSpace;
  readonly objective: ResolvedObjectiveConfig;
  /** `[rows, arms]`: chance of each cell under the logging policy, for logs of chosen arms. */
  readonly propensity?: ArrayLike<number>;
}

/**
 * The chosen rows with the rewards of all actions at one cost weight per row; `NaN` where an action is closed or was not
 * run. The caller frees the tensors.
 */
export function makeBatch(source: BatchSource, rows: readonly number[], costWeights: Float32Array): LossBatch {
  const { rewards, actions, objective, propensity } = source;
  const size = rows.length * actions.size;
  const quality = new Float32Array(size).fill(Number.NaN);
  const normalisedCost = new Float32Array(size);
  const chances = propensity === undefined ? undefined : new Float32Array(size).fill(Number.NaN);
  const spaces = new Map<number, { readonly arms: Int32Array; readonly open: readonly boolean[] }>();
  rows.forEach((row, place) => {
    const weight = costWeights[place] as number;
    let space = spaces.get(weight);
    if (space === undefined) {
      space = { arms: actions.armsAt(weight), open: actions.openAt(weight) };
      spaces.set(weight, space);
    }
    for (let action = 0; action < actions.size; action += 1) {
      const cell = row * rewards.arms + (space.arms[action] as number);
      if (space.open[action] === false || rewards.recorded[cell] !== 1) continue;
      const target = place * actions.size + action;
      quality[target] = rewards.quality[cell] as number;
      normalisedCost[target] = rewards.cost[cell] as number;
      if (chances !== undefined) chances[target] = propensity?.[cell] as number;
    }
  });
  return {
    features: featureTensor(source.features, rows),
    costWeights: tf.tensor1d(costWeights),
    rewards: rewardCells({ quality, normalisedCost, costWeights }, objective),
    ...(chances === undefined ? {} : { propensity: chances }),
  };
}

/** `[rows.length, dimension]`; the caller owns it. */
export function featureTensor({ values, dimension }: FeatureRows, rows: readonly number[]): tf.Tensor2D {
  const input = new Float32Array(rows.length * dimension);
  rows.forEach((row, place) => {
    input.set(values.subarray(row * dimension, (row + 1) * dimension), place * dimension);
  });
  return tf.tensor2d(input, [rows.length, dimension]);
}
