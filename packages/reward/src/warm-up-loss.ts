import { ShapeError } from "@haps/spec";
import { softmaxCrossEntropy } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { ArmLogProbs } from "./expected-loss.ts";
import type { WarmUpTargets } from "./warm-up-targets.ts";

/** Shift that takes unrecorded arms out of a softmax in float32. */
const EXCLUDED = -1e30;

/**
 * Cross-entropy of the policy, restricted to the recorded arms, against warm-up targets.
 *
 * `loss = Σ_b w_b Σ_a -t_a log q_a`, `q_a = π_a / Σ_{recorded} π`; divided by `Σ w` for `mean`.
 *
 * @param logProbs - `[batch, arms]` per level, borrowed; both levels get the gradient.
 * @param targets - From `softTargets` or `hardBest`, of the same rows.
 * @returns A scalar; the caller owns it.
 * @throws ShapeError code `shape` when the targets belong to another batch.
 *
 * @example
 * ```ts
 * const assignments = logSoftmax(tf.zeros([1, 2])) as tf.Tensor2D;
 * const loss = warmUpLoss({ assignments, settings: null }, softTargets([1, 0], 2, 0.1), "mean");
 * console.assert(Math.abs((loss.dataSync()[0] ?? 0) - Math.log(2)) < 1e-6);
 * ```
 */
export function warmUpLoss(logProbs: ArmLogProbs, targets: WarmUpTargets, reduction: "sum" | "mean"): tf.Scalar {
  return tf.tidy(() => {
    const [batch, arms] = logProbs.assignments.shape;
    if (targets.targets.length !== batch * arms || targets.weights.length !== batch) {
      throw new ShapeError("warmUpLoss", "targets", `[${batch} * ${arms}]`, [targets.targets.length]);
    }
    const joint = logProbs.settings === null ? logProbs.assignments : tf.add(logProbs.assignments, logProbs.settings);
    const shift = Float32Array.from(targets.recorded, (run) => (run === 1 ? 0 : EXCLUDED));
    const logits = tf.add<tf.Tensor2D>(joint, tf.tensor2d(shift, [batch, arms]));
    return softmaxCrossEntropy(logits, tf.tensor2d(targets.targets, [batch, arms]), {
      weights: tf.tensor1d(targets.weights),
      reduction,
    }) as tf.Scalar;
  });
}
