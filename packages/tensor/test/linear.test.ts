import { linear } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const shapeError = expect.objectContaining({ code: "shape" });

describeEachBackend("linear", () => {
  it("keeps all axes but the last", () => {
    tf.tidy(() => {
      const weight = tf.ones<tf.Rank.R2>([2, 3]);
      expect(linear(tf.ones([3]), weight).shape).toEqual([2]);
      expect(linear(tf.ones([4, 3]), weight).shape).toEqual([4, 2]);
      expect(linear(tf.ones([5, 1, 4, 3]), weight).shape).toEqual([5, 1, 4, 2]);
    });
  });

  it("maps every row as if it were alone", () => {
    tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R2>([6, 5], 0, 1, "float32", 1);
      const weight = tf.randomNormal<tf.Rank.R2>([4, 5], 0, 1, "float32", 2);
      const together = linear(x, weight).dataSync();
      tf.unstack(x).forEach((row, index) => {
        expectClose(linear(row, weight), together.slice(index * 4, index * 4 + 4));
      });
    });
  });

  it("keeps numbers near the ends of float32", () => {
    tf.tidy(() => {
      const y = linear(
        tf.tensor2d([[1e30, 1e-30]]),
        tf.tensor2d([
          [1e8, 0],
          [0, 1e-7],
        ]),
      );
      expectClose(y, [1e38, 1e-37], { rtol: 1e-6, atol: 0 });
    });
  });

  it("accepts no rows at all", () => {
    tf.tidy(() => {
      expect(linear(tf.zeros([0, 3]), tf.ones<tf.Rank.R2>([2, 3])).shape).toEqual([0, 2]);
    });
  });

  it("refuses shapes that do not fit", () => {
    tf.tidy(() => {
      const x = tf.ones([2, 3]);
      expect(() => linear(x, tf.ones<tf.Rank.R2>([3, 2]))).toThrow(shapeError);
      expect(() => linear(x, tf.ones<tf.Rank.R2>([2, 3]), tf.ones<tf.Rank.R1>([3]))).toThrow(shapeError);
      expect(() => linear(tf.scalar(1), tf.ones<tf.Rank.R2>([2, 3]))).toThrow(shapeError);
      expect(() => linear(x, tf.ones<tf.Rank.R1>([3]) as unknown as tf.Tensor2D)).toThrow(shapeError);
    });
  });

  it("says what is wrong with a shape", () => {
    const x = tf.ones([2, 3]);
    const weight = tf.ones<tf.Rank.R2>([4, 2]);
    expect(() => linear(x, weight)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: linear: weight has shape [4, 2]; expected [any, 3]]`,
    );
    tf.dispose([x, weight]);
  });
});
