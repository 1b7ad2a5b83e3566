import { createRng } from "@haps/tensor";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { timesTransposed, transposedTimes } from "../src/kernels/matrix-products.ts";

/** `[rows, columns]` of normal numbers. */
function draw(name: string, rows: number, columns: number): Float32Array {
  return createRng(21)
    .fork(name)
    .normals(rows * columns);
}

/** `left · rightᵀ + bias` in float64. */
function expected(left: Float32Array, right: Float32Array, shared: number, bias?: Float32Array): number[] {
  const columns = right.length / shared;
  return Array.from({ length: (left.length / shared) * columns }, (_, place) => {
    const [row, column] = [Math.floor(place / columns), place % columns];
    let sum = bias?.[column] ?? 0;
    for (let index = 0; index < shared; index += 1) {
      sum += (left[row * shared + index] as number) * (right[column * shared + index] as number);
    }
    return sum;
  });
}

describeEachBackend("timesTransposed", () => {
  // The last two lie on either side of where kernels take over from the loop.
  it.each([
    [1, 1, 1],
    [1, 300, 7],
    [3, 5, 2],
    [16, 64, 64],
    [17, 64, 64],
  ])("multiplies [%i, %i] with the transpose of [%i rows], with and without a bias", (rows, shared, columns) => {
    const left = draw("left", rows, shared);
    const right = draw("right", columns, shared);
    const bias = draw("bias", 1, columns);
    tf.tidy(() => {
      const a = tf.tensor2d(left, [rows, shared]);
      const b = tf.tensor2d(right, [columns, shared]);
      const tolerance = { rtol: 1e-5, atol: 1e-4 };
      const plain = timesTransposed(a, b);
      expect(plain.shape).toEqual([rows, columns]);
      expectClose(plain, expected(left, right, shared), tolerance);
      expectClose(timesTransposed(a, b, tf.tensor1d(bias)), expected(left, right, shared, bias), tolerance);
    });
  });

  it("is empty for no rows and the bias for no columns in common", () => {
    tf.tidy(() => {
      expect(timesTransposed(tf.zeros([0, 3]), tf.zeros([2, 3])).shape).toEqual([0, 2]);
      expectClose(timesTransposed(tf.zeros([2, 0]), tf.zeros([2, 0]), tf.tensor1d([4, 5])), [4, 5, 4, 5]);
    });
  });

  it("leaves its arguments and nothing else", () => {
    for (const rows of [2, 200]) {
      const a = tf.ones<tf.Rank.R2>([rows, 64]);
      const b = tf.ones<tf.Rank.R2>([32, 64]);
      const bias = tf.ones<tf.Rank.R1>([32]);
      expectNoTensorLeak(() => timesTransposed(a, b, bias));
      tf.dispose([a, b, bias]);
    }
  });
});

describeEachBackend("transposedTimes", () => {
  it.each([
    [4, 3, 5],
    [4, 5, 3],
    [33, 20, 18],
  ])("multiplies the transpose of [%i, %i] with [%i columns]", (shared, rows, columns) => {
    const left = draw("left", rows, shared);
    const right = draw("right", columns, shared);
    tf.tidy(() => {
      const a: tf.Tensor2D = tf.transpose(tf.tensor2d(left, [rows, shared]));
      const b: tf.Tensor2D = tf.transpose(tf.tensor2d(right, [columns, shared]));
      expectClose(transposedTimes(a, b), expected(left, right, shared), { rtol: 1e-5, atol: 1e-4 });
    });
  });
});
