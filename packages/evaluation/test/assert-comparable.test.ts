import { assertComparable } from "@haps/evaluation";
import { describe, expect, it } from "vitest";
import { tableOf } from "./fixture.ts";

/** Ten questions, the first `single` of them with one recorded arm of two. */
function gaps(single: number) {
  return tableOf(
    Array.from({ length: 10 }, (_, index) => ({ id: `q${index}`, scores: [1, index < single ? Number.NaN : 0] })),
  );
}
const propensity = new Float64Array(20).fill(0.5);

describe("assertComparable", () => {
  it.each([0, 4])("accepts a table with %i of 10 questions of one recorded arm", (single) => {
    expect(() => assertComparable("test", gaps(single))).not.toThrow();
  });

  it("refuses a table in which half of the questions have one recorded arm, and says what to do", () => {
    expect(() => assertComparable("test", gaps(5))).toThrowErrorMatchingInlineSnapshot(
      `[HapsError: test: methods cannot be compared on a log of chosen arms: a choice has an outcome only where it equals the logged one; got 50.0% of the questions with one recorded arm, expected a table in which most questions have outcomes of several arms; record the other arms for a sample of the questions and evaluate on those (training on the log works)]`,
    );
  });

  it("refuses a log with propensity, unless every cell is recorded", () => {
    expect(() => assertComparable("test", { ...gaps(1), propensity })).toThrow(
      expect.objectContaining({ code: "data", facts: { oneArmShare: 0.1, propensity: true } }),
    );
    expect(() => assertComparable("test", { ...gaps(0), propensity })).not.toThrow();
  });

  it("counts recorded questions only, and accepts one arm: nothing is chosen there", () => {
    const mostlyEmpty = tableOf(
      [0, 1, 2, 3].map((index) => ({ id: `q${index}`, scores: index === 0 ? [1, 0] : [Number.NaN, Number.NaN] })),
    );
    expect(() => assertComparable("test", mostlyEmpty)).not.toThrow();
    expect(() => assertComparable("test", tableOf([{ id: "q0", scores: [1] }]))).not.toThrow();
  });
});
