import { logSoftmax, logSoftmaxOf } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("logSoftmaxOf", () => {
  it("gives closed forms", () => {
    const { logProbs, logSum } = logSoftmaxOf([Math.log(1), Math.log(2), Math.log(5)]);
    expectClose(logProbs, [1 / 8, 2 / 8, 5 / 8].map(Math.log), { rtol: 1e-14, atol: 0 });
    expect(logSum).toBeCloseTo(Math.log(8), 14);
    expect(logSoftmaxOf([-3])).toEqual({ logProbs: Float64Array.of(0), logSum: -3 });
    expectClose(logSoftmaxOf(new Float32Array(4)).logProbs, new Array<number>(4).fill(-Math.log(4)), { rtol: 1e-15 });
  });

  it("keeps huge and tiny logits", () => {
    const high = logSoftmaxOf([1e300, 1e300]);
    expect(high.logSum).toBe(1e300);
    expect([...logSoftmaxOf([1000, 0]).logProbs]).toEqual([0, -1000]);
    const { logProbs, logSum } = logSoftmaxOf([-1000, -1000 + Math.log(3)]);
    expectClose(logProbs, [Math.log(1 / 4), Math.log(3 / 4)], { rtol: 1e-12, atol: 0 });
    expect(logSum).toBeCloseTo(-1000 + Math.log(4), 10);
  });

  it("sums to one, and a constant on all logits moves the log-sum alone", () => {
    const logit = fc.double({ min: -50, max: 50, noNaN: true });
    fc.assert(
      fc.property(fc.array(logit, { minLength: 1, maxLength: 12 }), logit, (logits, shift) => {
        const { logProbs, logSum } = logSoftmaxOf(logits);
        expect(logProbs.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 12);
        const moved = logSoftmaxOf(logits.map((value) => value + shift));
        expectClose(moved.logProbs, logProbs, { rtol: 1e-12, atol: 1e-12 });
        expect(moved.logSum).toBeCloseTo(logSum + shift, 11);
      }),
      { seed: 2, numRuns: 100 },
    );
  });
});

describeEachBackend("logSoftmaxOf beside logSoftmax", () => {
  it("gives what the tensor operation gives", () => {
    const rows = [
      [0.3, -1.2, 4],
      [0, 0, 0],
      [-60, 2, 30],
    ];
    const logits = tf.tensor2d(rows);
    const logProbs = logSoftmax(logits);
    expectClose(
      rows.flatMap((row) => [...logSoftmaxOf(row).logProbs]),
      logProbs,
    );
    tf.dispose([logits, logProbs]);
  });
});
