import { differentiable } from "@haps/tensor";
import type * as tf from "@tensorflow/tfjs";

/**
 * Runs a computation that leaves nothing on the tape, also inside a gradient: what it used gets no gradient and is not kept.
 *
 * @returns Its result, a constant to the outer gradient; the caller owns it.
 */
export function untaped<T extends tf.Tensor>(compute: () => T): T {
  return differentiable({ inputs: {}, forward: compute, backward: () => ({}) }) as T;
}
