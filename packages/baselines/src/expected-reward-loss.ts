import { logSoftmax } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/**
 * Negative expected reward of a softmax policy over arms, less an entropy bonus; exact, since the reward of every recorded arm
 * is known.
 *
 * `loss = -mean over rows of Σ_a π_a (R_a - τ log π_a)`, `π = softmax(score / τ)` over the recorded arms of the row. With free
 * scores the minimum is at `score_a = R_a + constant`: scores are in units of reward.
 *
 * @param scores - `[batch, arms]`, borrowed.
 * @param rewards - `[batch, arms]` row-major, `NaN` where not run. Rows without a recorded arm do not count.
 * @param temperature - τ, > 0: temperature of the policy and weight of the entropy.
 * @returns A scalar; the caller owns it.
 *
 * Source: the exact form of Eq. 5 of the HAPS paper (arXiv 2601.05903) with one softmax over all arms instead of levels; the
 * entropy term is ours.
 */
export function expectedRewardLoss(scores: tf.Tensor2D, rewards: Float32Array, temperature: number): tf.Scalar {
  const [batch, arms] = scores.shape;
  const recorded = Float32Array.from(rewards, (reward) => (Number.isNaN(reward) ? 0 : 1));
  const counted = Float32Array.from({ length: batch }, (_, row) =>
    recorded.subarray(row * arms, (row + 1) * arms).includes(1) ? 1 : 0,
  );
  const open = recorded.map((flag, cell) => (counted[Math.floor(cell / arms)] === 0 ? 1 : flag));
  const rows = counted.reduce((sum, flag) => sum + flag, 0);
  return tf.tidy(() => {
    const mask = tf.tensor2d(open, [batch, arms]);
    const reward = tf.tensor2d(
      Float32Array.from(rewards, (value) => (Number.isNaN(value) ? 0 : value)),
      [batch, arms],
    );
    const logProbs = tf.mul(logSoftmax(tf.div(scores, temperature), { mask }), mask);
    const policy = tf.mul(tf.exp(logProbs), mask);
    const values = tf.sum(tf.mul(policy, tf.sub(reward, tf.mul(logProbs, temperature))), 1); // [batch]
    return tf.div<tf.Scalar>(tf.sum(tf.mul(values, tf.tensor1d(counted))), -Math.max(1, rows));
  });
}
