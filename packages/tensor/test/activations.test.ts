import { gelu, swiglu } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

describeEachBackend("gelu", () => {
  for (const form of ["tanh", "erf"] as const) {
    it(`passes large numbers and stops large negative ones, infinities included: ${form}`, () => {
      tf.tidy(() => {
        const x = tf.tensor1d([1e30, -1e30, Infinity, -Infinity, 0]);
        expectClose(gelu(x, form), [1e30, 0, Infinity, 0, 0]);
        expectClose(tf.grad((t) => gelu(t, form))(x), [1, 0, 1, 0, 0.5]);
      });
    });

    it(`obeys x = gelu(x) - gelu(-x): ${form}`, () => {
      tf.tidy(() => {
        const x = tf.linspace(-6, 6, 97);
        expectClose(tf.sub(gelu(x, form), gelu(tf.neg(x), form)), x, { atol: 1e-6 });
      });
    });
  }

  it("keeps the shape, a scalar's and an empty one's too", () => {
    tf.tidy(() => {
      expect(gelu(tf.scalar(1)).shape).toEqual([]);
      expect(gelu(tf.zeros([0, 3])).shape).toEqual([0, 3]);
    });
  });
});

describeEachBackend("swiglu", () => {
  it("passes a wide open gate and stops a closed one", () => {
    tf.tidy(() => {
      expectClose(swiglu(tf.tensor1d([1e4, -1e4, 0]), tf.tensor1d([2, 2, 2])), [2e4, 0, 0]);
      const slopes = tf.grads(swiglu)([tf.tensor1d([1e4, -1e4]), tf.tensor1d([2, 2])]);
      expectClose(slopes[0] as tf.Tensor, [2, 0]);
      expectClose(slopes[1] as tf.Tensor, [1e4, 0]);
    });
  });

  it("refuses other shapes, even of the same size", () => {
    tf.tidy(() => {
      const shapeError = expect.objectContaining({ code: "shape" });
      expect(() => swiglu(tf.ones([2, 3]), tf.ones([3, 2]))).toThrow(shapeError);
      expect(() => swiglu(tf.ones([2, 3]), tf.ones([3]))).toThrow(shapeError);
    });
  });
});
