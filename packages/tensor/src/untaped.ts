import type * as tf from "@tensorflow/tfjs";
import { differentiable } from "./differentiable.ts";

/**
 * Runs a computation that leaves nothing on the tape, also inside a gradient: what it used gets no gradient and is not kept.
 *
 * @returns Its result, a constant to the outer gradient; the caller owns it. Other tensors that it made are freed.
 *
 * @example
 * ```ts
 * const slope = tf.grad((x) => tf.mul(x, untaped(() => tf.square(x))));
 * console.assert(slope(tf.scalar(3)).dataSync()[0] === 9); // x² counts as a constant
 * ```
 */
export function untaped<Result extends tf.Tensor>(compute: () => Result): Result {
  return differentiable({ inputs: {}, forward: compute, backward: () => ({}) }) as Result;
}
