import { HapsError, ShapeError } from "@haps/spec";
import { FORBIDDEN_LOG_PROBABILITY } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { ResolvedObjectiveConfig } from "./objective-config.ts";
import { stopGradient } from "./stop-gradient.ts";

/** Log-probabilities of every arm of a batch, one level at a time. */
export interface ArmLogProbs {
  /** log P(z | p) of every arm's assignment, `[batch, arms]`. */
  readonly assignments: tf.Tensor2D;
  /** log P(w | z, p) of every arm's settings, `[batch, arms]`; `null` when nothing varies. */
  readonly settings: tf.Tensor2D | null;
}

/** Which levels and terms {@link expectedLoss} counts. */
export type ExpectedLossOptions = Pick<
  ResolvedObjectiveConfig,
  "assignmentGradient" | "parameterGradient" | "entropyWeight" | "reduction"
>;

/**
 * Negative expected reward plus entropy bonus over the recorded arms, exactly.
 *
 * `loss_b = -Σ_a q_a (R_a - τ log q_a)`, `q_a = π_a / Σ_{recorded} π`, so `∂loss/∂log π_a = -q_a (R_a - τ log q_a + loss_b)`
 *
 * Arms that were not run, or are forbidden, have q = 0: nothing is assumed about them. A row without a recorded arm counts
 * for nothing. With all arms recorded and free logits the minimum is `π = softmax(R / τ)`. Sums are in double precision.
 *
 * @param logProbs - Borrowed. A level whose gradient is `none` enters as a constant.
 * @param rewards - `[batch, arms]` row-major, `NaN` where not run.
 * @returns A scalar; the caller owns it.
 * @throws ShapeError code `shape`; HapsError code `non-finite` for an infinite reward or log-probability.
 *
 * Source: exact form of Eq. 5 of the HAPS paper for tables in which every arm's outcome is known; the entropy term is ours.
 *
 * @example
 * ```ts
 * const assignments = logSoftmax(tf.zeros([1, 2])) as tf.Tensor2D;
 * const loss = expectedLoss({ assignments, settings: null }, [1, 0], resolveObjective({}));
 * console.assert(Math.abs((loss.dataSync()[0] ?? 0) + 0.5) < 1e-6);
 * ```
 */
export function expectedLoss(
  logProbs: ArmLogProbs,
  rewards: ArrayLike<number>,
  options: ExpectedLossOptions,
): tf.Scalar {
  return tf.tidy(() => {
    const joint = jointLogProbs("expectedLoss", logProbs, options);
    const [batch, arms] = joint.shape;
    if (rewards.length !== batch * arms) {
      throw new ShapeError("expectedLoss", "rewards", `[${batch} * ${arms}]`, [rewards.length]);
    }
    const fused = tf.customGrad((input) => {
      const { loss, gradient } = lossAndGradient((input as tf.Tensor2D).dataSync<"float32">(), rewards, arms, options);
      return {
        value: tf.scalar(loss),
        gradFunc: (incoming: tf.Tensor) => tf.mul(tf.tensor2d(gradient, [batch, arms]), incoming),
      };
    });
    return fused(joint) as tf.Scalar;
  });
}

/** log π of every arm, with constants in place of the levels that get no gradient; the caller owns it. */
export function jointLogProbs(
  operation: string,
  logProbs: ArmLogProbs,
  options: Pick<ExpectedLossOptions, "assignmentGradient" | "parameterGradient">,
): tf.Tensor2D {
  const { assignments, settings } = logProbs;
  const high = options.assignmentGradient === "none" ? stopGradient(assignments) : assignments;
  if (settings === null) return tf.clone(high);
  if (settings.shape.join() !== assignments.shape.join()) {
    throw new ShapeError(operation, "settings", `[${assignments.shape.join(", ")}]`, settings.shape);
  }
  return tf.add(high, options.parameterGradient === "none" ? stopGradient(settings) : settings);
}

function lossAndGradient(
  logProbs: Float32Array,
  rewards: ArrayLike<number>,
  arms: number,
  options: ExpectedLossOptions,
): { readonly loss: number; readonly gradient: Float32Array } {
  const gradient = new Float32Array(logProbs.length);
  let total = 0;
  let counted = 0;
  for (let start = 0; start < logProbs.length; start += arms) {
    const logSum = logSumRecorded(logProbs, rewards, start, arms);
    if (logSum === undefined) continue;
    const values = new Float64Array(arms);
    const weights = new Float64Array(arms);
    let value = 0;
    for (let arm = 0; arm < arms; arm += 1) {
      if (!isCounted(logProbs, rewards, start + arm)) continue;
      const logWeight = (logProbs[start + arm] as number) - logSum;
      const weight = Math.exp(logWeight);
      weights[arm] = weight;
      values[arm] = (rewards[start + arm] as number) - options.entropyWeight * logWeight;
      value += weight * (values[arm] as number);
    }
    for (let arm = 0; arm < arms; arm += 1) {
      gradient[start + arm] = -(weights[arm] as number) * ((values[arm] as number) - value);
    }
    total -= value;
    counted += 1;
  }
  if (options.reduction === "sum" || counted === 0) return { loss: total, gradient };
  return { loss: total / counted, gradient: gradient.map((entry) => entry / counted) };
}

/** Recorded, and legal under the policy. */
function isCounted(logProbs: Float32Array, rewards: ArrayLike<number>, cell: number): boolean {
  return !Number.isNaN(rewards[cell]) && (logProbs[cell] as number) > FORBIDDEN_LOG_PROBABILITY / 2;
}

/** log Σ π over the counted arms of a row, `undefined` when there is none. */
function logSumRecorded(
  logProbs: Float32Array,
  rewards: ArrayLike<number>,
  start: number,
  arms: number,
): number | undefined {
  let highest = Number.NEGATIVE_INFINITY;
  for (let cell = start; cell < start + arms; cell += 1) {
    const logProb = logProbs[cell] as number;
    const value = rewards[cell] as number;
    if (!Number.isFinite(logProb) || value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) {
      throw new HapsError(
        "non-finite",
        `expectedLoss: arm ${cell - start} of row ${start / arms} has log-probability ${logProb} and reward ${value}; expected finite numbers, or reward NaN where not run; lower the learning rate or check the table`,
        { row: start / arms, arm: cell - start, logProb, reward: value },
      );
    }
    if (isCounted(logProbs, rewards, cell)) highest = Math.max(highest, logProb);
  }
  if (highest === Number.NEGATIVE_INFINITY) return undefined;
  let sum = 0;
  for (let cell = start; cell < start + arms; cell += 1) {
    if (isCounted(logProbs, rewards, cell)) sum += Math.exp((logProbs[cell] as number) - highest);
  }
  return highest + Math.log(sum);
}
