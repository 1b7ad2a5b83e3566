import * as tf from "@tensorflow/tfjs";
import { peekValues } from "./peek-values.ts";

/**
 * `[rows, shared]` times `[shared, columns]` of plain arrays on the backend that runs; the arrays may be used anew afterwards.
 *
 * @param use - Gets `[rows, columns]` for the time of the call only, and makes no tensors.
 */
export function multiplyArrays(
  left: Float32Array,
  right: Float32Array,
  [rows, shared, columns]: readonly [rows: number, shared: number, columns: number],
  use: (product: Float32Array) => void,
): void {
  const a = tf.tensor2d(left, [rows, shared]);
  const b = tf.tensor2d(right, [shared, columns]);
  const product = tf.matMul(a, b);
  use(peekValues(product));
  a.dispose();
  b.dispose();
  product.dispose();
}
