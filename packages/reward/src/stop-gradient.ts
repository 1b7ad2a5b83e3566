import * as tf from "@tensorflow/tfjs";

/**
 * The same values as a constant: no gradient flows back through the result, which the caller owns.
 *
 * @example
 * ```ts
 * const slope = tf.grad((x: tf.Tensor) => tf.mul(x, stopGradient(x)));
 * console.assert(slope(tf.scalar(3)).dataSync()[0] === 3);
 * ```
 */
export function stopGradient<Tensor extends tf.Tensor>(tensor: Tensor): Tensor {
  const constant = tf.customGrad((value) => ({
    value: tf.clone(value as tf.Tensor),
    gradFunc: (gradient: tf.Tensor) => tf.zerosLike(gradient),
  }));
  return constant(tensor) as Tensor;
}
