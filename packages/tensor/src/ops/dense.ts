import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { columnSums } from "../kernels/column-sums.ts";
import { transposedTimes } from "../kernels/matrix-products.ts";
import { peekValues } from "../kernels/peek-values.ts";
import { transposeMatrix } from "../kernels/transpose-matrix.ts";
import { assertShape } from "../shape.ts";

/**
 * Affine map of packed rows with a kernel that needs no transpose.
 *
 * `y = x K + b`
 *
 * Always one product on the backend that runs: on wasm a row's result does not depend on how many rows there are, bit for bit,
 * and a kernel that stays is packed once. The gradient of a frozen argument is never computed.
 *
 * @param x - `[rows, in]`.
 * @param kernel - K, `[in, out]`.
 * @param bias - b, `[out]`; none when absent.
 * @returns `[rows, out]`; the caller owns it.
 * @throws ShapeError code `shape` when the lengths differ.
 *
 * @example
 * ```ts
 * const y = dense(tf.tensor2d([[1, 2]]), tf.tensor2d([[1, 0], [1, 3]]), tf.tensor1d([0, 1]));
 * console.assert(y.dataSync().join() === "3,7");
 * ```
 */
export function dense(x: tf.Tensor2D, kernel: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D {
  assertShape("dense", "x", x, [null, null]);
  assertShape("dense", "kernel", kernel, [x.shape[1], null]);
  const outputs = kernel.shape[1];
  if (bias !== undefined) assertShape("dense", "bias", bias, [outputs]);
  const inputs: Record<string, tf.Tensor> = bias === undefined ? { x, kernel } : { x, kernel, bias };
  const result = differentiable({
    inputs,
    forward: (save) => {
      save([x, kernel]);
      return bias === undefined ? tf.matMul(x, kernel) : tf.fused.matMul({ a: x, b: kernel, bias });
    },
    backward: (gradient, saved) => {
      const [savedX, savedKernel] = saved as [tf.Tensor2D, tf.Tensor2D];
      const slopes = gradient as tf.Tensor2D;
      return {
        x: () => inputSlopes(slopes, savedKernel),
        kernel: () => transposedTimes(savedX, slopes),
        bias: () => tf.tensor1d(columnSums(peekValues(slopes), outputs)),
      };
    },
  });
  return result as tf.Tensor2D;
}

/** Most rows for which turning the rows beats turning the kernel, which also has to be packed. */
const FEW = 64;

/** `g Kᵀ`, the same bits either way. */
function inputSlopes(slopes: tf.Tensor2D, kernel: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() =>
    slopes.shape[0] <= FEW
      ? transposeMatrix(tf.matMul(kernel, transposeMatrix(slopes)))
      : tf.matMul(slopes, transposeMatrix(kernel)),
  );
}
