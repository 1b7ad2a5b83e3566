import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { meanHeight } from "../src/mean-height.ts";
import { type Polyline, polylineThrough, scoreAt } from "../src/polyline.ts";

const range = { from: 0.05, to: 0.5 };
const line = (...corners: readonly (readonly [cost: number, score: number])[]): Polyline =>
  polylineThrough(Float64Array.from(corners.flat()));

const corner = fc.tuple(
  fc.integer({ min: 1, max: 120 }).map((step) => step / 100),
  fc.integer({ min: 0, max: 100 }).map((step) => step / 100),
);
const lines = fc.array(corner, { minLength: 1, maxLength: 6 }).map((corners) => line(...corners));

/** Midpoint sum over fine steps, with the rules for what is not reached written out. */
function numericalMeanHeight(method: Polyline, hull: Polyline): number {
  const steps = 90_000;
  let sum = 0;
  for (let step = 0; step < steps; step += 1) {
    const cost = range.from + ((step + 0.5) / steps) * (range.to - range.from);
    const [hullCost, hullScore] = [hull.cost[0] as number, hull.score[0] as number];
    const [cheapest, score] = [method.cost[0] as number, method.score[0] as number];
    if (cost < hullCost) continue;
    if (cost >= cheapest) sum += interpolate(method, cost) - interpolate(hull, cost);
    else {
      const part = (cost - hullCost) / (cheapest - hullCost);
      sum += Math.min(0, hullScore + part * (score - hullScore) - interpolate(hull, cost));
    }
  }
  return sum / steps;
}

function interpolate({ cost, score }: Polyline, at: number): number {
  const above = cost.findIndex((corner) => corner >= at);
  if (above === 0) return score[0] as number;
  if (above < 0) return score.at(-1) as number;
  const [left, right] = [cost[above - 1] as number, cost[above] as number];
  const part = (at - left) / (right - left);
  return (1 - part) * (score[above - 1] as number) + part * (score[above] as number);
}

describe("meanHeight", () => {
  it("agrees with a fine numerical integral", () => {
    fc.assert(
      fc.property(lines, lines, (method, hull) => {
        expect(meanHeight(method, hull, range)).toBeCloseTo(numericalMeanHeight(method, hull), 4);
      }),
      { seed: 8, numRuns: 60 },
    );
  });

  it("is the distance of parallel lines that span the range", () => {
    expect(meanHeight(line([0, 0.3], [1, 0.7]), line([0, 0.2], [1, 0.6]), range)).toBeCloseTo(0.1, 15);
  });

  it("keeps a curve level above its dearest point", () => {
    const hull = line([0, 0], [1, 1]);
    const early = line([0.01, 0.05], [0.05, 0.05]);
    // The hull is 0.05 to 0.5 there, 0.275 on average.
    expect(meanHeight(early, hull, range)).toBeCloseTo(0.05 - 0.275, 15);
  });

  it("earns nothing below the cheapest point, however high that is", () => {
    expect(meanHeight(line([0.6, 1]), line([0, 0], [1, 0.1]), range)).toBe(0);
    // Half of the range is reached, 0.9 above the hull.
    expect(meanHeight(line([0.275, 0.9]), line([0, 0]), range)).toBeCloseTo(0.45, 15);
  });

  it("loses below the cheapest point what mixing with the cheapest arm loses", () => {
    const hull = line([0.05, 0], [0.5, 0.45]);
    // Mixing runs straight from (0.05, 0) to (0.5, 0): the hull's mean height is lost.
    expect(meanHeight(line([0.5, 0]), hull, range)).toBeCloseTo(-0.225, 15);
  });

  it("is 0 where no single arm is so cheap", () => {
    const hull = line([0.275, 0.5], [1, 0.5]);
    expect(meanHeight(line([0.01, 0.7], [0.9, 0.7]), hull, range)).toBeCloseTo(0.1, 15);
    expect(meanHeight(line([0.01, 0.7]), line([0.5, 0.1]), range)).toBe(0);
  });

  it("is 0 for a curve that is the hull", () => {
    fc.assert(
      fc.property(lines, (hull) => {
        expect(Math.abs(meanHeight(hull, hull, range))).toBe(0);
      }),
      { seed: 9, numRuns: 50 },
    );
  });
});

describe("polylineThrough", () => {
  it("sorts by cost and joins points of one cost into their mean", () => {
    const joined = line([0.5, 1], [0.2, 0.1], [0.5, 0], [0.2, 0.4], [0.5, 0.2]);
    expect([...joined.cost]).toEqual([0.2, 0.5]);
    expect(joined.score[0]).toBeCloseTo(0.25, 15);
    expect(joined.score[1]).toBeCloseTo(0.4, 15);
  });

  it("keeps a point that costs more and gives less: nobody knows that beforehand", () => {
    expect(scoreAt(line([0.1, 0.6], [0.2, 0.4], [0.3, 0.8]), 0.2)).toBe(0.4);
  });
});
