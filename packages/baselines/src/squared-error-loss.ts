import * as tf from "@tensorflow/tfjs";

/**
 * Mean squared error over the recorded cells of a batch.
 *
 * `Σ (output - target)² / recorded cells`; cells whose target is `NaN` count for nothing.
 *
 * @param outputs - `[batch, arms]`, borrowed.
 * @param targets - One row of `[arms]` per row of the batch.
 * @returns A scalar, 0 when nothing is recorded; the caller owns it.
 */
export function squaredErrorLoss(outputs: tf.Tensor2D, targets: readonly Float64Array[]): tf.Scalar {
  const arms = outputs.shape[1];
  const values = new Float32Array(targets.length * arms);
  const weights = new Float32Array(targets.length * arms);
  let recorded = 0;
  targets.forEach((row, place) => {
    row.forEach((target, arm) => {
      if (Number.isNaN(target)) return;
      values[place * arms + arm] = target;
      weights[place * arms + arm] = 1;
      recorded += 1;
    });
  });
  return tf.tidy(() => {
    const target = tf.tensor2d(values, outputs.shape);
    const weight = tf.tensor2d(weights, outputs.shape);
    const squares = tf.mul(weight, tf.square(tf.sub(outputs, target)));
    return tf.div<tf.Scalar>(tf.sum(squares), Math.max(1, recorded));
  });
}
