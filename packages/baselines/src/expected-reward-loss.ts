import { differentiable } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/**
 * Negative expected reward of a softmax policy over arms, less an entropy bonus; exact, since the reward of every recorded arm
 * is known.
 *
 * `loss = -mean over rows of V`, `V = Σ_a π_a v_a`, `v_a = R_a - τ log π_a`, `π = softmax(score / τ)` over the recorded arms of the
 * row, so `∂loss/∂score_a = -π_a (v_a - V) / (τ rows)`. With free scores the minimum is at `score_a = R_a + constant`: scores are
 * in units of reward. Sums are in double precision.
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
  return differentiable({
    inputs: { scores },
    forward: (save) => {
      const { loss, gradient } = lossAndGradient(scores, rewards, temperature);
      save([tf.tensor2d(gradient, scores.shape)]);
      return tf.scalar(loss);
    },
    backward: (incoming, saved) => ({ scores: () => tf.mul(saved[0] as tf.Tensor, incoming) }),
  }) as tf.Scalar;
}

function lossAndGradient(
  scores: tf.Tensor2D,
  rewards: Float32Array,
  temperature: number,
): { readonly loss: number; readonly gradient: Float32Array } {
  const arms = scores.shape[1];
  const values = scores.dataSync<"float32">();
  const gradient = new Float32Array(values.length);
  let total = 0;
  let counted = 0;
  for (let start = 0; start < values.length; start += arms) {
    const open = recordedCells(rewards, start, arms);
    if (open.length === 0) continue;
    const logits = open.map((cell) => (values[cell] as number) / temperature);
    const highest = Math.max(...logits);
    const logSum = highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
    const policy = logits.map((logit) => Math.exp(logit - logSum));
    const gains = open.map(
      (cell, place) => (rewards[cell] as number) - temperature * ((logits[place] as number) - logSum),
    );
    const value = gains.reduce((sum, gain, place) => sum + gain * (policy[place] as number), 0);
    open.forEach((cell, place) => {
      gradient[cell] = (-(policy[place] as number) * ((gains[place] as number) - value)) / temperature;
    });
    total -= value;
    counted += 1;
  }
  const rows = Math.max(1, counted);
  return { loss: total / rows, gradient: gradient.map((entry) => entry / rows) };
}

function recordedCells(rewards: Float32Array, start: number, arms: number): number[] {
  const open: number[] = [];
  for (let cell = start; cell < start + arms; cell += 1) if (!Number.isNaN(rewards[cell])) open.push(cell);
  return open;
}
