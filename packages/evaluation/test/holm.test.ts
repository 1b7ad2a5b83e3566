import { holmAdjust } from "@haps/evaluation";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import golden from "./golden/compare-methods.json" with { type: "json" };

/** Closed testing by Bonferroni over all sets of hypotheses, from its definition. */
function closedTesting(pValues: readonly number[]): number[] {
  const sets = Array.from({ length: 2 ** pValues.length - 1 }, (_, bits) =>
    pValues.map((_, index) => index).filter((index) => ((bits + 1) >> index) % 2 === 1),
  );
  const setP = (set: readonly number[]): number =>
    Math.min(1, set.length * Math.min(...set.map((index) => pValues[index] as number)));
  return pValues.map((_, index) => Math.max(...sets.filter((set) => set.includes(index)).map(setP)));
}

describe("holmAdjust", () => {
  it.each(golden.holm)("agrees with statsmodels on $p", ({ p, adjusted }) => {
    holmAdjust(p).forEach((value, index) => {
      expect(value).toBeCloseTo(adjusted[index] as number, 14);
    });
  });

  it("is the shortcut of closed testing", () => {
    const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(pValues, (values) => {
        expect(holmAdjust(values)).toEqual(closedTesting(values));
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it("refuses what is no p-value", () => {
    expect(() => holmAdjust([0.1, Number.NaN])).toThrowErrorMatchingInlineSnapshot(
      `[HapsError: holmAdjust: got p-value NaN; expected 0 to 1; leave out tests that were not made]`,
    );
    expect(() => holmAdjust([1.1])).toThrow(/0 to 1/);
    expect(holmAdjust([])).toEqual([]);
  });
});
