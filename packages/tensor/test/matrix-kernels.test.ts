import { linear } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { columnSums } from "../src/kernels/column-sums.ts";
import { timesTransposed, transposedTimes } from "../src/kernels/matrix-products.ts";
import { transposeMatrix } from "../src/kernels/transpose-matrix.ts";

/** Sizes around the blocks of 16 in which matrices are transposed. */
const sizes = [
  [1, 1],
  [1, 40],
  [16, 16],
  [17, 15],
  [33, 50],
] as const;

const random = (rows: number, columns: number, seed: number): tf.Tensor2D =>
  tf.randomNormal<tf.Rank.R2>([rows, columns], 0, 1, "float32", seed);

/** `left · rightᵀ` in float64. */
function product(left: tf.Tensor2D, right: tf.Tensor2D): number[] {
  const [rows, shared] = left.shape;
  const [a, b] = [left.dataSync(), right.dataSync()];
  return Array.from({ length: rows * right.shape[0] }, (_, place) => {
    const [row, column] = [Math.floor(place / right.shape[0]), place % right.shape[0]];
    let sum = 0;
    for (let index = 0; index < shared; index += 1) {
      sum += (a[row * shared + index] as number) * (b[column * shared + index] as number);
    }
    return sum;
  });
}

describeEachBackend("matrix kernels", () => {
  for (const [rows, columns] of sizes) {
    it(`transpose ${rows} by ${columns}`, () => {
      tf.tidy(() => {
        const matrix = tf.tensor2d(
          Array.from({ length: rows * columns }, (_, index) => index),
          [rows, columns],
        );
        const expected = Array.from({ length: rows * columns }, (_, index) => {
          return (index % rows) * columns + Math.floor(index / rows);
        });
        const transposed = transposeMatrix(matrix);
        expect(transposed.shape).toEqual([columns, rows]);
        expect([...transposed.dataSync()]).toEqual(expected);
      });
    });

    it(`multiply ${rows} by ${columns} with a transposed side, whichever is wider`, () => {
      tf.tidy(() => {
        const left = random(rows, columns, 1);
        const right = random(20, columns, 2);
        const tolerance = { rtol: 1e-5, atol: 1e-5 };
        expectClose(timesTransposed(left, right), product(left, right), tolerance);
        const [tall, wide] = [transposeMatrix(left), transposeMatrix(right)]; // [columns, rows], [columns, 20]
        expectClose(transposedTimes(tall, wide), product(left, right), tolerance);
        expectClose(transposedTimes(wide, tall), product(right, left), tolerance);
      });
    });
  }

  it("give linear right numbers and gradients on matrices of many blocks", () => {
    tf.tidy(() => {
      const [x, weight] = [random(35, 50, 3), random(33, 50, 4)];
      const tolerance = { rtol: 1e-4, atol: 1e-4 };
      expectClose(linear(x, weight), product(x, weight), tolerance);
      const slopes = tf.grads((a, b) => linear(a, b as tf.Tensor2D))([x, weight], tf.ones([35, 33]));
      expectClose(slopes[0] as tf.Tensor, product(tf.ones([35, 33]), transposeMatrix(weight)), tolerance);
      expectClose(slopes[1] as tf.Tensor, product(tf.ones([33, 35]), transposeMatrix(x)), tolerance);
    });
  });

  it("sum columns without losing small numbers beside large ones", () => {
    const values = Float32Array.of(1e8, 1, 1, 2, -1e8, 3);
    expect([...columnSums(values, 2)]).toEqual([1, 6]);
    expect([...columnSums(values, 2, Float32Array.of(1, 2, 1, 2, 1, 2))]).toEqual([1, 12]);
  });
});
