import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { columnSums } from "../kernels/column-sums.ts";
import { timesTransposed, transposedTimes } from "../kernels/matrix-products.ts";
import { peekValues } from "../kernels/peek-values.ts";
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
  const width = lastLength("linear", "x", x);
  assertShape("linear", "weight", weight, [null, width]);
  const outputs = weight.shape[0];
  if (bias !== undefined) assertShape("linear", "bias", bias, [outputs]);
  const inputs: Record<string, tf.Tensor> = bias === undefined ? { x, weight } : { x, weight, bias };
  return differentiable({
    inputs,
    forward: (save) => {
      save([x, weight]);
      if (x.rank === 2) return timesTransposed(x as tf.Tensor2D, weight, bias);
      const result = timesTransposed(toMatrix(x, width), weight, bias); // [rows, out]
      return tf.reshape(result, [...x.shape.slice(0, -1), outputs]);
    },
    backward: (gradient, saved) => {
      const [savedX, savedWeight] = saved as [tf.Tensor, tf.Tensor2D];
      const rows = toMatrix(gradient, outputs); // [rows, out]
      return {
        x: () => tf.reshape(tf.matMul(rows, savedWeight), savedX.shape),
        weight: () => transposedTimes(rows, toMatrix(savedX, width)),
        bias: () => tf.tensor1d(columnSums(peekValues(rows), outputs)),
      };
    },
  });
}
