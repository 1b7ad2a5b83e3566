import * as tf from "@tensorflow/tfjs";
import { peekValues } from "./peek-values.ts";
import { transposeMatrix } from "./transpose-matrix.ts";

/** Most multiplications for which a loop beats starting kernels: about 50 microseconds of them. */
const FEW = 1 << 16;

/**
 * `left · rightᵀ + bias`: `[rows, shared]`, `[columns, shared]` and `[columns]` to `[rows, columns]`; the caller owns the result.
 *
 * The wasm kernel is about ten times slower with its transpose flags than after an explicit transpose. Small products, such as a
 * head applied to one question, are summed here, in float64.
 */
export function timesTransposed(left: tf.Tensor2D, right: tf.Tensor2D, bias?: tf.Tensor1D): tf.Tensor2D {
  const [rows, shared] = left.shape;
  const [columns] = right.shape;
  if (rows * shared * columns > FEW) {
    return tf.tidy(() => {
      const product: tf.Tensor2D = tf.matMul(left, transposeMatrix(right));
      return bias === undefined ? product : tf.add(product, bias);
    });
  }
  const start = bias === undefined ? new Float32Array(columns) : peekValues(bias);
  const sums = dotRows(peekValues(left), peekValues(right), start, rows, shared);
  return tf.tensor2d(sums, [rows, columns]);
}

/** Products of every row of one matrix with every row of another, on top of a start per row of the other. */
function dotRows(
  left: Float32Array,
  right: Float32Array,
  start: Float32Array,
  rows: number,
  shared: number,
): Float32Array {
  const columns = start.length;
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      let sum = start[column] as number;
      for (let index = 0; index < shared; index += 1) {
        sum += (left[row * shared + index] as number) * (right[column * shared + index] as number);
      }
      result[row * columns + column] = sum;
    }
  }
  return result;
}

/**
 * `leftᵀ · right`: `[shared, rows]` and `[shared, columns]` to `[rows, columns]`; the caller owns the result.
 *
 * The wasm kernel repacks its second argument at about ten times the cost of a transpose, so the narrower of the two goes there.
 */
export function transposedTimes(left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() =>
    left.shape[1] >= right.shape[1]
      ? tf.matMul(transposeMatrix(left), right)
      : transposeMatrix(tf.matMul(transposeMatrix(right), left)),
  );
}
