import type { ArmLogProbs } from "@haps/reward";
import { logSoftmax } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/** A small two-level policy: 2 assignments with 3 settings each, so 6 arms in the order z0w0 z0w1 z0w2 z1w0 z1w1 z1w2. */
export const ASSIGNMENTS = 2;
export const SETTINGS = 3;
export const ARMS = ASSIGNMENTS * SETTINGS;

/**
 * Log-probabilities `[1, 6]` per level from free logits.
 *
 * @param high - `[1, 2]`.
 * @param low - `[2, 3]`, one row per assignment.
 */
export function armLogProbsOf(high: tf.Tensor2D, low: tf.Tensor2D): ArmLogProbs {
  const assignments = tf.reshape<tf.Rank.R2>(tf.tile(tf.reshape(logSoftmax(high), [ASSIGNMENTS, 1]), [1, SETTINGS]), [
    1,
    ARMS,
  ]);
  return { assignments, settings: tf.reshape<tf.Rank.R2>(logSoftmax(low), [1, ARMS]) };
}

/** The column of one arm, `[1]`. */
export function pick(levels: ArmLogProbs, arm: number): { assignments: tf.Tensor1D; settings: tf.Tensor1D | null } {
  const column = (matrix: tf.Tensor2D): tf.Tensor1D => tf.reshape(tf.slice(matrix, [0, arm], [1, 1]), [1]);
  return {
    assignments: column(levels.assignments),
    settings: levels.settings === null ? null : column(levels.settings),
  };
}

/** In float64. */
export function logSumExp(values: readonly number[]): number {
  const highest = Math.max(...values);
  return highest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - highest), 0));
}
