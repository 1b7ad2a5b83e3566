import { softmaxCrossEntropy } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const shapeError = expect.objectContaining({ code: "shape" });
const labels = (...values: number[]) => tf.tensor1d(values, "int32");

describeEachBackend("softmaxCrossEntropy", () => {
  it("is the logarithm of the number of classes for equal logits", () => {
    tf.tidy(() => {
      expectClose(softmaxCrossEntropy(tf.fill<tf.Rank.R2>([3, 5], 7), labels(0, 4, 2)), Math.log(5));
    });
  });

  it("does not change when a constant is added to a row", () => {
    tf.tidy(() => {
      const x = tf.tensor2d([[1, 2, 4]]);
      expectClose(softmaxCrossEntropy(tf.add(x, 512), labels(1)), softmaxCrossEntropy(x, labels(1)));
    });
  });

  it("stays finite where the exponential of a logit overflows or vanishes", () => {
    tf.tidy(() => {
      const x = tf.tensor2d([
        [1e30, 0],
        [-3e4, 3e4],
      ]);
      expectClose(softmaxCrossEntropy(x, labels(0, 0), { reduction: "none" }), [0, 6e4]);
      const slope = tf.grad((logits) => softmaxCrossEntropy(logits as tf.Tensor2D, labels(0, 0), { reduction: "sum" }));
      expectClose(slope(x), [0, 0, -1, 1]);
    });
  });

  it("gives an impossible class no share and an impossible target an infinite loss", () => {
    tf.tidy(() => {
      const x = tf.tensor2d([[0, 0, -Infinity]]);
      expectClose(softmaxCrossEntropy(x, labels(0)), Math.log(2));
      expectClose(softmaxCrossEntropy(x, labels(2)), Infinity);
      expectClose(softmaxCrossEntropy(x, tf.tensor2d([[0.5, 0.5, 0]])), Math.log(2));
    });
  });

  it("agrees between hard targets and their one-hot rows", () => {
    tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R2>([4, 3], 0, 2, "float32", 5);
      const soft = tf.tensor2d([1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0], [4, 3]);
      expectClose(softmaxCrossEntropy(x, labels(0, 2, 1, 0)), softmaxCrossEntropy(x, soft));
    });
  });

  it("leaves rows of weight 0 out, whatever their logits and targets", () => {
    tf.tidy(() => {
      const x = tf.tensor2d([
        [1, 2],
        [Number.NaN, Infinity],
      ]);
      const options = { weights: tf.tensor1d([3, 0]) };
      const call = (logits: tf.Tensor) => softmaxCrossEntropy(logits as tf.Tensor2D, labels(0, -100), options);
      expectClose(call(x), Math.log(1 + Math.E));
      expectClose(tf.grad(call)(x).dataSync().slice(2), [0, 0]);
    });
  });

  it("is 0 with a gradient of 0 where every row is left out", () => {
    tf.tidy(() => {
      const call = (logits: tf.Tensor) =>
        softmaxCrossEntropy(logits as tf.Tensor2D, labels(0, 1), { weights: tf.zeros([2]) });
      expectClose(call(tf.ones([2, 2])), 0);
      expectClose(tf.grad(call)(tf.ones([2, 2])), [0, 0, 0, 0]);
    });
  });

  it("refuses a class that does not exist, and names the row", () => {
    tf.tidy(() => {
      const x = tf.zeros<tf.Rank.R2>([2, 3]);
      for (const label of [-1, 3]) {
        const failure = expect.objectContaining({ code: "config", facts: { row: 1, label, classes: 3 } });
        expect(() => softmaxCrossEntropy(x, labels(0, label))).toThrow(failure);
      }
      expect(() => softmaxCrossEntropy(x, tf.tensor1d([0, 0.5]))).toThrow(expect.objectContaining({ code: "config" }));
    });
  });

  it("refuses weights that are negative or not finite", () => {
    tf.tidy(() => {
      for (const weight of [-1, Number.NaN, Infinity]) {
        const options = { weights: tf.tensor1d([1, weight]) };
        const failure = expect.objectContaining({ code: "config", facts: { row: 1, weight } });
        expect(() => softmaxCrossEntropy(tf.zeros([2, 3]), labels(0, 0), options)).toThrow(failure);
      }
    });
  });

  it("refuses shapes that do not fit", () => {
    tf.tidy(() => {
      const x = tf.zeros<tf.Rank.R2>([2, 3]);
      expect(() => softmaxCrossEntropy(tf.zeros([3]) as unknown as tf.Tensor2D, labels(0))).toThrow(shapeError);
      expect(() => softmaxCrossEntropy(tf.zeros([2, 0]), labels(0, 0))).toThrow(shapeError);
      expect(() => softmaxCrossEntropy(x, labels(0))).toThrow(shapeError);
      expect(() => softmaxCrossEntropy(x, tf.zeros<tf.Rank.R2>([2, 2]))).toThrow(shapeError);
      expect(() => softmaxCrossEntropy(x, labels(0, 0), { weights: tf.ones([3]) })).toThrow(shapeError);
    });
  });
});
