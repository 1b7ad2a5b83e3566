import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { assertShape, lastLength, toMatrix } from "../shape.ts";

/**
 * Affine map of the last axis.
 *
 * `y = x Wᵀ + b`
 *
 * Both passes multiply plain matrices after explicit transposes, which is about ten times quicker on wasm than `matMul` with
 * its transpose flags. The gradient of a frozen argument is never computed.
 *
 * @param x - `[..., in]`.
 * @param weight - W, `[out, in]`.
 * @param bias - b, `[out]`; none when absent.
 * @returns `[..., out]`; the caller owns it.
 * @throws ShapeError code `shape` when the lengths differ.
 *
 * @example
 * ```ts
 * const y = linear(tf.tensor2d([[1, 2]]), tf.tensor2d([[1, 1], [0, 3]]), tf.tensor1d([0, 1]));
 * console.assert(y.dataSync().join() === "3,7");
 * ```
 */
export function linear(x: tf.Tensor, weight: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor {
  const inputs = lastLength("linear", "x", x);
  assertShape("linear", "weight", weight, [null, inputs]);
  const outputs = weight.shape[0];
  if (bias !== undefined) assertShape("linear", "bias", bias, [outputs]);
  const shape = [...x.shape.slice(0, -1), outputs];
  const forward = (save: (tensors: tf.Tensor[]) => void): tf.Tensor => {
    save([x, weight]);
    const product = tf.matMul(toMatrix(x, inputs), tf.transpose(weight));
    return tf.reshape(bias === undefined ? product : tf.add(product, bias), shape);
  };
  const backward = (gradient: tf.Tensor, saved: readonly tf.Tensor[]) => {
    const [savedX, savedWeight] = saved as [tf.Tensor, tf.Tensor2D];
    const rows = toMatrix(gradient, outputs); // [rows, out]
    return {
      x: () => tf.reshape(tf.matMul(rows, savedWeight), savedX.shape),
      weight: () => tf.matMul(tf.transpose(rows), toMatrix(savedX, inputs)),
      bias: () => tf.sum(rows, 0),
    };
  };
  const tensors: Record<string, tf.Tensor> = bias === undefined ? { x, weight } : { x, weight, bias };
  return differentiable({ inputs: tensors, forward, backward });
}
