import { costQualityRatio, createRandomSource, hullAdvantage, type RandomSource } from "@haps/evaluation";
import { ShapeError } from "@haps/spec";
import { describe, expect, it } from "vitest";
import golden from "./golden/compare-methods.json" with { type: "json" };

const missing = Number.NaN;
const recorded = (values: readonly (number | null)[]): Float64Array =>
  Float64Array.from(values, (value) => value ?? missing);
const flat = (value: number, questions = 12): Float64Array => new Float64Array(questions).fill(value);
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `chain ${index}`);
const goldenStatics = golden.statics.map(({ id, score, cost }) => ({
  id,
  score: recorded(score),
  cost: recorded(cost),
}));

describe("hullAdvantage", () => {
  it.each(golden.hulls)("agrees with the best of all pairs of assignments in NumPy: $expected.advantage", (one) => {
    const got = hullAdvantage({
      point: { score: recorded(one.point.score), cost: recorded(one.point.cost) },
      statics: goldenStatics,
      clusters: golden.clusters,
      options: { resamples: 200, level: 0.9, random: 3 },
    });
    expect(got.advantage).toBeCloseTo(one.expected.advantage, 12);
    expect(got.low).toBeCloseTo(one.expected.low, 12);
    expect(got.high).toBeCloseTo(one.expected.high, 12);
    expect(got).toMatchObject({ questions: one.expected.questions, missing: 90 - one.expected.questions });
    expect(got.point.score - got.hullScore).toBeCloseTo(got.advantage, 12);
  });

  it("names the corners of the hull and the mixture at the cost of the point", () => {
    const statics = [
      { id: "dominated", score: flat(0.3), cost: flat(2.5) },
      { id: "large", score: flat(0.75), cost: flat(5) },
      { id: "small", score: flat(0.25), cost: flat(1) },
      { id: "under the line", score: flat(0.5), cost: flat(4) },
    ];
    const run = (cost: number) =>
      hullAdvantage({ point: { score: flat(0.5), cost: flat(cost) }, statics, clusters: names(12) });
    expect(run(2)).toMatchObject({ advantage: 0.125, hullScore: 0.375, low: 0.125, high: 0.125 });
    expect(run(2).hull.map(({ id }) => id)).toEqual(["small", "large"]);
    expect(run(2).mixture).toEqual([
      { id: "small", weight: 0.75 },
      { id: "large", weight: 0.25 },
    ]);
    expect(run(0.5)).toMatchObject({ hullScore: 0.25, mixture: [{ id: "small", weight: 1 }] });
    expect(run(9)).toMatchObject({ hullScore: 0.75, mixture: [{ id: "large", weight: 1 }] });
  });

  it("rarely puts a coin toss between static assignments above their hull", () => {
    const random = createRandomSource(12);
    const draw = (chance: number): Float64Array =>
      Float64Array.from({ length: 120 }, () => (random() < chance ? 1 : 0));
    let above = 0;
    for (let trial = 0; trial < 200; trial += 1) {
      const [small, middle, large] = [draw(0.3), draw(0.5), draw(0.7)] as const;
      const tossed = small.map((score, question) => (random() < 0.5 ? score : (large[question] as number)));
      const statics = [small, middle, large].map((score, index) => ({
        id: String(index),
        score,
        cost: flat(index + 1, 120),
      }));
      const clusters = names(120).map((_, question) => `chain ${question % 60}`);
      const point = { score: tossed, cost: flat(2, 120) };
      if (hullAdvantage({ point, statics, clusters, options: { resamples: 200, random: trial } }).low > 0) above += 1;
    }
    // At most 2.5%, with three standard errors of 200 trials.
    expect(above / 200).toBeLessThan(0.058);
  });

  it("refuses what cannot be compared", () => {
    const point = { score: flat(0.5), cost: flat(1) };
    const statics = [{ id: "a", ...point }];
    expect(() => hullAdvantage({ point, statics: [], clusters: names(12) })).toThrow(ShapeError);
    expect(() => hullAdvantage({ point, statics, clusters: names(11) })).toThrow(ShapeError);
    expect(() => hullAdvantage({ point, statics, clusters: names(12).fill("one") })).toThrow(/at least 2/);
    const unpriced = { ...point, cost: flat(missing) };
    expect(() => hullAdvantage({ point: unpriced, statics, clusters: names(12) })).toThrowErrorMatchingInlineSnapshot(
      `[HapsError: hullAdvantage: no question has a score and a cost of every method; expected at least one; leave out methods that were not run]`,
    );
  });
});

describe("costQualityRatio", () => {
  it("is exact when the source runs through every resample once", () => {
    const method = { score: Float64Array.of(0.2, 0.4, 0.9), cost: Float64Array.of(1, 1, 4) };
    const reference = { score: Float64Array.of(0.3, 0.5, 0.7), cost: Float64Array.of(5, 2, 6) };
    let draws = 0;
    const everyResample: RandomSource = () => {
      const digit = Math.floor(Math.floor(draws / 3) / 3 ** (draws % 3)) % 3;
      draws += 1;
      return (digit + 0.5) / 3;
    };
    const all = (one: Float64Array, other: Float64Array): number[] =>
      Array.from({ length: 27 }, (_, resample) => {
        const places = [0, 1, 2].map((place) => Math.floor(resample / 3 ** place) % 3);
        const sum = (values: Float64Array): number => places.reduce((total, at) => total + (values[at] as number), 0);
        return sum(one) / sum(other);
      }).sort((a, b) => a - b);
    const got = costQualityRatio({
      method,
      reference,
      clusters: names(3),
      options: { resamples: 27, level: 1 - 2 / 26, random: everyResample },
    });
    const quality = all(method.score, reference.score);
    const cost = all(method.cost, reference.cost);
    expect(got.quality.ratio).toBe(1);
    expect(got.cost.ratio).toBeCloseTo(6 / 13, 14);
    expect(got.quality.low).toBeCloseTo(quality[1] as number, 12);
    expect(got.quality.high).toBeCloseTo(quality[25] as number, 12);
    expect(got.cost.low).toBeCloseTo(cost[1] as number, 12);
    expect(got.cost.high).toBeCloseTo(cost[25] as number, 12);
    expect(got).toMatchObject({ met: true, metWithIntervals: false });
  });

  it("holds both ratios against what was claimed, on the questions recorded for both", () => {
    const method = { score: flat(0.48), cost: flat(2) };
    const reference = { score: flat(0.5), cost: flat(4) };
    method.score[3] = missing;
    const run = (options = {}) => costQualityRatio({ method, reference, clusters: names(12), options });
    expect(run()).toMatchObject({ met: true, metWithIntervals: true, questions: 11, missing: 1 });
    expect(run().quality).toEqual({ ratio: 0.96, low: 0.96, high: 0.96 });
    expect(run({ atLeastQuality: 0.97 })).toMatchObject({ met: false, metWithIntervals: false });
    expect(run({ atMostCost: 0.4 })).toMatchObject({ met: false, metWithIntervals: false });
    expect(() => run({ atMostCost: 0 })).toThrow(/atMostCost/);
  });

  it("refuses a reference without any score", () => {
    const one = { score: flat(0.5), cost: flat(1) };
    const clusters = names(12);
    expect(() => costQualityRatio({ method: one, reference: { ...one, score: flat(0) }, clusters })).toThrow(
      /every recorded score of the reference is 0/,
    );
  });
});
