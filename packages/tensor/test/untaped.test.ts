import { embedding, untaped } from "@haps/tensor";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

describeEachBackend("untaped", () => {
  it("makes a constant of what is computed, whatever it is computed from", () => {
    tf.tidy(() => {
      const x = tf.tensor1d([1, -2]);
      const slope = tf.grad((y) =>
        tf.sum(
          tf.mul(
            y,
            untaped(() => tf.add(tf.square(y), 1)),
          ),
        ),
      );
      expectClose(slope(x), [2, 5]); // y² + 1, and nothing from its own change
      const alone = tf.grad((y) => tf.add(tf.sum(y), tf.sum(untaped(() => tf.square(y)))));
      expectClose(alone(x), [1, 1]);
    });
  });

  it("may use operations that have no gradient", () => {
    tf.tidy(() => {
      const slope = tf.grad((y) =>
        tf.sum(
          tf.mul(
            y,
            untaped(() => tf.cast(tf.greater(y, 0), "float32")),
          ),
        ),
      );
      expectClose(slope(tf.tensor1d([3, -3])), [1, 0]);
    });
  });

  it("keeps nothing but its result, inside a gradient and outside", () => {
    const x = tf.tensor2d([[1, 2]]);
    expectNoTensorLeak(() => untaped(() => tf.exp(tf.square(x))));
    expectNoTensorLeak(() =>
      tf.grad((y) =>
        tf.sum(
          tf.mul(
            y as tf.Tensor2D,
            untaped(() => tf.exp(tf.square(y))),
          ),
        ),
      )(x),
    );
    x.dispose();
  });

  it("frees the activations at once, where a tape would keep them", () => {
    const table = tf.tensor2d([[1, 2], [3, 4]]); // biome-ignore format: a matrix
    const held = (wrap: (compute: () => tf.Tensor) => tf.Tensor): number => {
      let during = 0;
      const gradient = tf.grad((y) => {
        const before = tf.memory().numTensors;
        const rows = wrap(() => tf.exp(tf.square(embedding(y as tf.Tensor2D, tf.tensor1d([0, 1], "int32")))));
        during = tf.memory().numTensors - before;
        return tf.sum(tf.mul(y, rows));
      })(table);
      gradient.dispose();
      return during;
    };
    expect(held(untaped)).toBe(1);
    expect(held((compute) => compute())).toBeGreaterThan(2);
    table.dispose();
  });
});
