import { type ArmIndex, readArmLogProbs } from "@haps/reward";
import type { Policy, PolicyReader } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { actionLogProbs } from "./action-log-probs.ts";

/** `[rows, actions]` row-major: log-probabilities of all actions, averaged over an ensemble. */
export type ActionScorer = (features: Float32Array, costWeights: readonly number[]) => ArrayLike<number>;

/**
 * Scores rows one by one on plain numbers where every member has a reader, else as one batch of tensors. Which of the two is
 * settled here, once, so that batching never changes a decision.
 */
export function createActionScorer(
  policies: readonly Policy[],
  index: ArmIndex,
  featureDimension: number,
): ActionScorer {
  const readers = policies.map((policy) => policy.reader?.());
  if (readers.every((reader) => reader !== undefined)) return plainScorer(readers, index, featureDimension);
  return (features, costWeights) =>
    actionLogProbs(policies, index, () => ({
      features: tf.tensor2d(features, [costWeights.length, featureDimension]),
      costWeights: tf.tensor1d([...costWeights]),
    }));
}

function plainScorer(readers: readonly PolicyReader[], index: ArmIndex, featureDimension: number): ActionScorer {
  const actions = index.assignments.length;
  return (features, costWeights) => {
    const result = new Float64Array(costWeights.length * actions);
    costWeights.forEach((costWeight, row) => {
      const own = features.subarray(row * featureDimension, (row + 1) * featureDimension);
      for (const read of readers) {
        readArmLogProbs(index, read(own, costWeight)).forEach((logProb, action) => {
          const at = row * actions + action;
          result[at] = (result[at] as number) + logProb / readers.length;
        });
      }
    });
    return result;
  };
}
