import { expectClose, isClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("expectClose", () => {
  it("accepts what lies within the sum of both tolerances and refuses what lies outside", () => {
    expect(() => expectClose(1.0015, 1, { rtol: 1e-3, atol: 6e-4 })).not.toThrow();
    expect(() => expectClose(1.0017, 1, { rtol: 1e-3, atol: 6e-4 })).toThrow(/1 of 1 numbers differ/);
  });

  it("measures the relative part by the expected number", () => {
    expect(isClose(0, 100, { rtol: 1, atol: 0 })).toBe(true);
    expect(isClose(100, 0, { rtol: 1, atol: 0 })).toBe(false);
  });

  it("lets NaN equal NaN only", () => {
    expect(isClose(Number.NaN, Number.NaN)).toBe(true);
    expect(isClose(Number.NaN, 1, { atol: 1e9 })).toBe(false);
    expect(isClose(1, Number.NaN, { atol: 1e9 })).toBe(false);
    expect(isClose(Number.NaN, Number.POSITIVE_INFINITY)).toBe(false);
  });

  it("compares infinities by sign", () => {
    expect(isClose(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)).toBe(true);
    expect(isClose(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)).toBe(false);
    expect(isClose(3e38, Number.POSITIVE_INFINITY, { rtol: 1, atol: 1 })).toBe(false);
  });

  it("names the worst place", () => {
    expect(() => expectClose([1, 2, 3], [1, 2.5, 7])).toThrow(/worst at 2: got 3, expected 7/);
    expect(() => expectClose([1, Number.NaN], [9, 1])).toThrow(/worst at 1/);
  });

  it("refuses other lengths and other shapes", async () => {
    tf.enableProdMode();
    await tf.setBackend("cpu");
    expect(() => expectClose([], [1])).toThrow(/0 numbers, expected 1/);
    const row = tf.tensor2d([[1, 2]]);
    const column = tf.tensor2d([[1], [2]]);
    expect(() => expectClose(row, column)).toThrow(/shapes differ/);
    expect(() => expectClose(row, [1, 2])).not.toThrow();
    tf.dispose([row, column]);
  });

  it("accepts every finite number as close to itself with no tolerance at all", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => isClose(value, value, { rtol: 0, atol: 0 })),
      { seed: 1, numRuns: 200 },
    );
  });
});
