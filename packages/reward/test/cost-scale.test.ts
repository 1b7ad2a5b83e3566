import { costScaleSchema, fitCostScale, normaliseCost } from "@haps/reward";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const NOT_RUN = Number.NaN;
const failing = (code: string, text: string): Error =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as unknown }) as Error;

describe("fitCostScale", () => {
  it("maps the cheapest recorded cell to 0 and the dearest to 1 under minMax", () => {
    const scale = fitCostScale({ cost: Float64Array.of(0.3, NOT_RUN, 0.1, 0.5), arms: 2 }, "minMax");
    expect(scale).toEqual({ kind: "minMax", offset: 0.1, scale: 0.4 });
    expect([0.1, 0.3, 0.5, 0.9].map((cost) => normaliseCost(scale, cost))).toEqual([0, (0.3 - 0.1) / 0.4, 1, 2]);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e3, noNaN: true }), { minLength: 1 }), (costs) => {
        const fitted = fitCostScale({ cost: Float64Array.from(costs), arms: 1 }, "minMax");
        const normalised = costs.map((cost) => normaliseCost(fitted, cost));
        expect(normalised.every((value) => value >= 0 && value <= 1 + 1e-12)).toBe(true);
        expect(Math.min(...normalised)).toBe(0);
      }),
      { seed: 8 },
    );
  });

  it("maps one price everywhere to 0 under minMax", () => {
    expect(fitCostScale({ cost: Float64Array.of(2, 2), arms: 1 }, "minMax")).toEqual({
      kind: "minMax",
      offset: 2,
      scale: 1,
    });
  });

  it("measures in costs of the best arm under bestArm, over the cells that were run", () => {
    const score = Float64Array.of(0, 1, NOT_RUN, 0.5, NOT_RUN, 0.9);
    const cost = Float64Array.of(1, 4, NOT_RUN, 8, NOT_RUN, 9);
    // Means per arm: scores 0.25, 0.95 (over two cells: 1 and 0.9), costs 4.5 and 6.5.
    const scale = fitCostScale(
      {
        cost: Float64Array.of(1, 4, 8, NOT_RUN, NOT_RUN, 9),
        score: Float64Array.of(0, 1, 0.5, NOT_RUN, NOT_RUN, 0.9),
        arms: 2,
      },
      "bestArm",
    );
    expect(scale).toEqual({ kind: "bestArm", offset: 0, scale: 6.5 });
    expect(normaliseCost(scale, 13)).toBe(2);
    expect(normaliseCost(scale, NOT_RUN)).toBeNaN();
    expect(fitCostScale({ cost, score, arms: 3 }, "bestArm").scale).toBe(4);
  });

  it("takes the first of equally good arms", () => {
    const table = { cost: Float64Array.of(3, 1), score: Float64Array.of(0.5, 0.5), arms: 2 };
    expect(fitCostScale(table, "bestArm").scale).toBe(3);
  });

  it("refuses cells that do not fill rows, bad costs, missing scores and a best arm of unknown cost", () => {
    const cost = Float64Array.of(1, 2, 3);
    expect(() => fitCostScale({ cost, arms: 2 }, "minMax")).toThrow(
      failing("shape", "3 cost cells do not fill rows of 2"),
    );
    expect(() => fitCostScale({ cost, arms: 0 }, "minMax")).toThrow(failing("shape", "0 arms"));
    expect(() => fitCostScale({ cost: Float64Array.of(NOT_RUN), arms: 1 }, "minMax")).toThrow(
      failing("data", "no cost is recorded"),
    );
    expect(() => fitCostScale({ cost: new Float64Array(0), arms: 1 }, "minMax")).toThrow(failing("data", "no cost"));
    for (const bad of [-1, Number.POSITIVE_INFINITY]) {
      expect(() => fitCostScale({ cost: Float64Array.of(1, bad), arms: 1 }, "minMax")).toThrow(
        failing("data", `a cost is ${bad}`),
      );
    }
    expect(() => fitCostScale({ cost, arms: 3 }, "bestArm")).toThrow(failing("shape", "0 scores for 3 costs"));
    const unpriced = { cost: Float64Array.of(NOT_RUN, 2), score: Float64Array.of(1, 0), arms: 2 };
    expect(() => fitCostScale(unpriced, "bestArm")).toThrow(
      failing("data", "no cost of the best arm (index 0) is known"),
    );
  });

  it("falls back to the dearest arm where the best one is free, and to 1 where all are", () => {
    const free = { cost: Float64Array.of(0, 2, 5), score: Float64Array.of(1, 0, 0), arms: 3 };
    expect(fitCostScale(free, "bestArm")).toEqual({ kind: "bestArm", offset: 0, scale: 5 });
    expect(fitCostScale({ ...free, cost: new Float64Array(3) }, "bestArm").scale).toBe(1);
  });

  it("comes back from JSON through its schema", () => {
    const scale = fitCostScale({ cost: Float64Array.of(0.1, 0.7), arms: 1 }, "minMax");
    expect(costScaleSchema.parse(JSON.parse(JSON.stringify(scale)))).toEqual(scale);
    expect(costScaleSchema.safeParse({ ...scale, scale: 0 }).success).toBe(false);
  });
});
