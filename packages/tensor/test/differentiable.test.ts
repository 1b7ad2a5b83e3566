import { differentiable } from "@haps/tensor";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

describeEachBackend("differentiable", () => {
  /** a² b with gradients that count how often they are asked for. */
  function counted(calls: string[]): (a: tf.Tensor, b: tf.Tensor) => tf.Tensor {
    return (a, b) =>
      differentiable({
        inputs: { a, b },
        forward: (save) => {
          save([a, b]);
          return tf.mul(tf.square(a), b);
        },
        backward: (gradient, saved) => {
          const [savedA, savedB] = saved as [tf.Tensor, tf.Tensor];
          return {
            a: () => {
              calls.push("a");
              return tf.mul(gradient, tf.mul(2, tf.mul(savedA, savedB)));
            },
            b: () => {
              calls.push("b");
              return tf.mul(gradient, tf.square(savedA));
            },
          };
        },
      });
  }

  it("works out only the gradients that are asked for", () => {
    tf.tidy(() => {
      const calls: string[] = [];
      const operation = counted(calls);
      const [a, b] = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])];
      operation(a, b);
      expect(calls).toEqual([]);
      expectClose(tf.grad((x) => operation(a, x))(b), [1, 4]);
      expect(calls).toEqual(["b"]);
      const [slopeA, slopeB] = tf.grads(operation)([a, b]);
      expectClose(slopeA as tf.Tensor, [6, 16]);
      expectClose(slopeB as tf.Tensor, [1, 4]);
    });
  });

  it("frees what forward and backward make on the way", () => {
    const [a, b] = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])];
    const operation = counted([]);
    expectNoTensorLeak(() => operation(a, b));
    expectNoTensorLeak(() => tf.grads(operation)([a, b]));
    tf.dispose([a, b]);
  });

  it("frees what forward made when it throws", () => {
    const a = tf.ones([3]);
    const before = tf.memory().numTensors;
    const failing = () =>
      differentiable({
        inputs: { a },
        forward: () => {
          tf.square(a);
          throw new Error("stop");
        },
        backward: (gradient) => ({ a: () => gradient }),
      });
    expect(failing).toThrow("stop");
    expect(() => tf.grad(failing)(a)).toThrow("stop");
    expect(tf.memory().numTensors).toBe(before);
    a.dispose();
  });
});
