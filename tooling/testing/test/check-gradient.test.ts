import { checkGradient, describeEachBackend, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

/** y = x³ with a chosen slope. */
function cubeWithSlope(slope: (x: tf.Tensor) => tf.Tensor): (x: tf.Tensor) => tf.Tensor {
  return tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([x as tf.Tensor]);
    return {
      value: tf.pow(x as tf.Tensor, 3),
      gradFunc: (gradient, saved) => [tf.mul(gradient, slope(saved[0] as tf.Tensor))],
    };
  });
}

describeEachBackend("checkGradient", () => {
  const values = [-1.2, 0.3, 0.8, 2];

  it("accepts the right gradient", () => {
    const x = tf.tensor1d(values);
    const right = cubeWithSlope((t) => tf.mul(3, tf.square(t)));
    expect(checkGradient(right, [x])).toBeLessThan(2e-2);
    x.dispose();
  });

  it("refuses a gradient that is wrong by 5 percent", () => {
    const x = tf.tensor1d(values);
    const wrong = cubeWithSlope((t) => tf.mul(3.15, tf.square(t)));
    expect(() => checkGradient(wrong, [x])).toThrow(/input 0, element 0/);
    x.dispose();
  });

  it("refuses a gradient that is wrong in one element only", () => {
    const x = tf.tensor1d(values);
    const wrong = cubeWithSlope((t) => tf.add(tf.mul(3, tf.square(t)), tf.tensor1d([0, 0, 0.2, 0])));
    expect(() => checkGradient(wrong, [x])).toThrow(/element 2/);
    x.dispose();
  });

  it("refuses gradients that were exchanged between two inputs", () => {
    const swapped = tf.customGrad((a, b, save) => {
      (save as tf.GradSaveFunc)([a as tf.Tensor, b as tf.Tensor]);
      return {
        value: tf.mul(a as tf.Tensor, b as tf.Tensor),
        gradFunc: (gradient, saved) => [
          tf.mul(gradient, saved[0] as tf.Tensor),
          tf.mul(gradient, saved[1] as tf.Tensor),
        ],
      };
    });
    const a = tf.tensor1d([1, 2]);
    const b = tf.tensor1d([3, 4]);
    expect(() => checkGradient((x, y) => swapped(x, y), [a, b])).toThrow(/input 0/);
    expect(() => checkGradient(tf.mul, [a, b])).not.toThrow();
    tf.dispose([a, b]);
  });

  it("checks only the chosen inputs and leaves nothing behind", () => {
    const a = tf.tensor1d([1, 2]);
    const labels = tf.tensor1d([0, 1]);
    expectNoTensorLeak(() => {
      checkGradient((x, y) => tf.mul(x, tf.floor(y)), [a, labels], { inputs: [0] });
      return [];
    });
    tf.dispose([a, labels]);
  });
});

describeEachBackend("expectNoTensorLeak", () => {
  it("accepts a function that frees all but its result", () => {
    expect(() => expectNoTensorLeak(() => tf.tidy(() => tf.add(tf.ones([3]), 1)))).not.toThrow();
  });

  it("refuses a function that leaves one tensor", () => {
    const kept: tf.Tensor[] = [];
    const leak = (): tf.Tensor => {
      kept.push(tf.ones([2]));
      return tf.ones([3]);
    };
    expect(() => expectNoTensorLeak(leak, 2)).toThrow(/2 tensors \(16 bytes\) remain after 2 calls/);
    tf.dispose(kept);
  });
});
