import { FORBIDDEN_LOG_PROBABILITY, logSoftmax } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { expect, it } from "vitest";

const logit = fc.float({ min: -50, max: 50, noNaN: true });

describeEachBackend("logSoftmax", () => {
  it("gives probabilities that sum to 1, in every row", () => {
    const rows = fc.array(fc.array(logit, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(rows, (values) => {
        tf.tidy(() => {
          const sums = tf.sum(tf.exp(logSoftmax(tf.tensor2d(values))), -1);
          expectClose(sums, new Array(values.length).fill(1), { rtol: 1e-5 });
        });
      }),
      { seed: 2, numRuns: 50 },
    );
  });

  it("does not change when a constant is added", () => {
    tf.tidy(() => {
      const x = tf.tensor2d([[1, 2, 4]]);
      expectClose(logSoftmax(tf.add(x, 1024)), logSoftmax(x));
    });
  });

  it("stays finite for logits of any size", () => {
    tf.tidy(() => {
      expectClose(logSoftmax(tf.tensor2d([[1e30, 0, -1e30]])), [0, -1e30, -2e30], { rtol: 1e-6 });
    });
  });

  it("gives forbidden entries exactly no probability and no gradient", () => {
    tf.tidy(() => {
      const mask = tf.tensor2d([[1, 0, 1]]);
      const y = logSoftmax(tf.tensor2d([[0, 90, 0]]), { mask });
      expectClose(y, [-Math.LN2, FORBIDDEN_LOG_PROBABILITY, -Math.LN2]);
      expect([...tf.exp(y).dataSync()][1]).toBe(0);
      const slope = tf.grad((x) => tf.sum(logSoftmax(x, { mask })))(tf.tensor2d([[1, 5, 2]]));
      expect([...slope.dataSync()][1]).toBe(0);
    });
  });

  it("lets 0 times a forbidden entry be 0, as an expectation needs", () => {
    tf.tidy(() => {
      const y = logSoftmax(tf.tensor2d([[0, 0]]), { mask: tf.tensor2d([[1, 0]]) });
      expectClose(tf.sum(tf.mul(tf.exp(y), y)), 0);
    });
  });

  it("ignores what stands in forbidden entries, NaN and infinities included", () => {
    tf.tidy(() => {
      const mask = tf.tensor2d([[true, false, true]], undefined, "bool");
      for (const value of [Number.NaN, Infinity, -Infinity, 3e38]) {
        const y = logSoftmax(tf.tensor2d([[1, value, 1]]), { mask }).dataSync();
        expectClose([y[0] as number, y[2] as number], [-Math.LN2, -Math.LN2]);
      }
    });
  });

  it("is 0 where a single entry is allowed", () => {
    tf.tidy(() => {
      expectClose(
        logSoftmax(tf.tensor1d([3, 8]), { mask: tf.tensor1d([1, 0]) })
          .dataSync()
          .slice(0, 1),
        [0],
      );
    });
  });

  it("refuses a mask that allows nothing in a row, and names the row", () => {
    tf.tidy(() => {
      const mask = tf.tensor2d([
        [1, 0],
        [0, 0],
      ]);
      const failure = expect.objectContaining({ code: "config", facts: { row: 1, classes: 2 } });
      expect(() => logSoftmax(tf.zeros([2, 2]), { mask })).toThrow(failure);
    });
  });

  it("refuses a mask of another shape, no classes, and a scalar", () => {
    tf.tidy(() => {
      const shapeError = expect.objectContaining({ code: "shape" });
      expect(() => logSoftmax(tf.zeros([2, 3]), { mask: tf.ones([3]) })).toThrow(shapeError);
      expect(() => logSoftmax(tf.zeros([2, 0]))).toThrow(shapeError);
      expect(() => logSoftmax(tf.scalar(1))).toThrow(shapeError);
    });
  });
});
