import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { timesTransposed, transposedTimes } from "../kernels/matrix-products.ts";
import { assertShape, lastLength, toMatrix } from "../shape.ts";

/** Factors of a low-rank update. */
export interface LowRankFactors {
  /** `[rank, in]`; PEFT's `lora_A`. */
  readonly down: tf.Tensor2D;
  /** `[out, rank]`; PEFT's `lora_B`. */
  readonly up: tf.Tensor2D;
  /** Factor of the update; PEFT's `lora_alpha / r`. */
  readonly scale: number;
}

/**
 * Linear map with a low-rank update that is never multiplied out.
 *
 * `y = x Wᵀ + scale (x downᵀ) upᵀ`
 *
 * Gradients of W are computed only where W is trained; with W frozen the backward pass costs little more than the one for x.
 *
 * @param x - `[..., in]`.
 * @param weight - W, `[out, in]`.
 * @returns `[..., out]`; the caller owns it.
 * @throws ShapeError code `shape` when the lengths differ.
 *
 * Source: Hu et al., LoRA: Low-Rank Adaptation of Large Language Models (2021), eq. 3.
 *
 * @example
 * ```ts
 * const factors = { down: tf.tensor2d([[1, 0]]), up: tf.tensor2d([[2]]), scale: 0.5 };
 * const y = lowRankUpdate(tf.tensor2d([[3, 4]]), tf.tensor2d([[1, 1]]), factors);
 * console.assert(y.dataSync()[0] === 10);
 * ```
 */
export function lowRankUpdate(x: tf.Tensor, weight: tf.Tensor2D, factors: LowRankFactors): tf.Tensor {
  const { down, up, scale } = factors;
  const width = lastLength("lowRankUpdate", "x", x);
  assertShape("lowRankUpdate", "weight", weight, [null, width]);
  assertShape("lowRankUpdate", "down", down, [null, width]);
  assertShape("lowRankUpdate", "up", up, [weight.shape[0], down.shape[0]]);
  const outputs = weight.shape[0];
  return differentiable({
    inputs: { x, weight, down, up },
    forward: (save) => {
      const rows = toMatrix(x, width);
      const narrow = timesTransposed(rows, down); // [rows, rank]
      save([x, weight, down, up, narrow]);
      const update = tf.mul(timesTransposed(narrow, up), scale); // [rows, out]
      return tf.reshape(tf.add(timesTransposed(rows, weight), update), [...x.shape.slice(0, -1), outputs]);
    },
    backward: (gradient, saved) => {
      const [savedX, savedWeight, savedDown, savedUp, narrow] = saved as [
        tf.Tensor,
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor2D,
        tf.Tensor2D,
      ];
      const rows = toMatrix(gradient, outputs); // [rows, out]
      const back = (): tf.Tensor2D => tf.mul(tf.matMul(rows, savedUp), scale); // [rows, rank]
      return {
        x: () => tf.reshape(tf.add(tf.matMul(rows, savedWeight), tf.matMul(back(), savedDown)), savedX.shape),
        weight: () => transposedTimes(rows, toMatrix(savedX, width)),
        down: () => transposedTimes(back(), toMatrix(savedX, width)),
        up: () => tf.mul(transposedTimes(rows, narrow), scale),
      };
    },
  });
}
