import * as tf from "@tensorflow/tfjs";
import { transposeMatrix } from "./transpose-matrix.ts";

/**
 * `left · rightᵀ`: `[rows, shared]` and `[columns, shared]` to `[rows, columns]`; the caller owns the result.
 *
 * The wasm kernel is about ten times slower with its transpose flags than after an explicit transpose.
 */
export function timesTransposed(left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => tf.matMul(left, transposeMatrix(right)));
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
