import { layerNorm, rmsNorm } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const shapeError = expect.objectContaining({ code: "shape" });
const ones = (length: number): tf.Tensor1D => tf.ones<tf.Rank.R1>([length]);

describeEachBackend("rmsNorm", () => {
  it("gives rows of mean square 1, however large or small they were", () => {
    tf.tidy(() => {
      for (const size of [1e-2, 1, 1e18, 1e30]) {
        const y = rmsNorm(tf.tensor2d([[3 * size, -4 * size]]), ones(2), { epsilon: 1e-12 });
        expectClose(y, [3 / Math.sqrt(12.5), -4 / Math.sqrt(12.5)], { rtol: 1e-5 });
      }
    });
  });

  it("does not centre", () => {
    tf.tidy(() => expectClose(rmsNorm(tf.tensor1d([5, 5, 5]), ones(3)), [1, 1, 1], { rtol: 1e-5 }));
  });

  it("gives zeros for a row of zeros, with a finite gradient", () => {
    tf.tidy(() => {
      expectClose(rmsNorm(tf.zeros([1, 3]), ones(3)), [0, 0, 0]);
      const slope = tf.grad((x) => rmsNorm(x, ones(3)))(tf.zeros([1, 3]));
      expectClose(slope, new Array(3).fill(1 / Math.sqrt(1e-5)), { rtol: 1e-5 });
    });
  });

  it("refuses a gain that does not fit, a scalar, and an epsilon that is not positive", () => {
    tf.tidy(() => {
      expect(() => rmsNorm(tf.ones([2, 3]), ones(2))).toThrow(shapeError);
      expect(() => rmsNorm(tf.scalar(1), ones(1))).toThrow(shapeError);
      for (const epsilon of [0, -1, Number.NaN, Infinity]) {
        expect(() => rmsNorm(tf.ones([2, 3]), ones(3), { epsilon })).toThrow(
          expect.objectContaining({ code: "config" }),
        );
      }
    });
  });
});

describeEachBackend("layerNorm", () => {
  it("does not change when a row is moved or stretched", () => {
    tf.tidy(() => {
      const x = tf.tensor2d([[1, 2, 4, 8]]);
      const y = layerNorm(x, ones(4), undefined, { epsilon: 1e-12 });
      expectClose(layerNorm(tf.add(x, 1000), ones(4), undefined, { epsilon: 1e-12 }), y, { rtol: 1e-4, atol: 1e-5 });
      expectClose(layerNorm(tf.mul(x, 1e20), ones(4), undefined, { epsilon: 1e-12 }), y, { rtol: 1e-5 });
    });
  });

  it("gives the bias for a row of equal numbers", () => {
    tf.tidy(() => {
      const bias = tf.tensor1d([0.5, -1]);
      expectClose(layerNorm(tf.fill([3, 2], 7), ones(2), bias), [0.5, -1, 0.5, -1, 0.5, -1]);
    });
  });

  it("refuses a gain or a bias that does not fit", () => {
    tf.tidy(() => {
      expect(() => layerNorm(tf.ones([2, 3]), ones(2))).toThrow(shapeError);
      expect(() => layerNorm(tf.ones([2, 3]), ones(3), ones(1))).toThrow(shapeError);
    });
  });
});
