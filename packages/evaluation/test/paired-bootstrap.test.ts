import { createRandomSource, pairedBootstrap } from "@haps/evaluation";
import { HapsError, ShapeError } from "@haps/spec";
import { describe, expect, it } from "vitest";
import golden from "./golden/paired-bootstrap.json" with { type: "json" };
import { normalDraws } from "./simulated-outcomes.ts";

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `text ${index}`);

describe("pairedBootstrap", () => {
  it.each(golden.cases)("agrees with float64 NumPy: $values.length questions, level $level", (one) => {
    const { values, groups, expected, ...options } = one;
    const differences = Float64Array.from(values, (value) => value ?? Number.NaN);
    const { seed, ...rest } = options;
    const got = pairedBootstrap(differences, groups, { ...rest, random: seed });
    expect(got.difference).toBeCloseTo(expected.difference, 12);
    expect(got.low).toBeCloseTo(expected.low, 12);
    expect(got.high).toBeCloseTo(expected.high, 12);
  });

  it("is exact when the source runs through every resample once", () => {
    const values = [0, 1, 3, 10];
    let draws = 0;
    const everyResample = (): number => {
      const digit = Math.floor(Math.floor(draws / 4) / 4 ** (draws % 4)) % 4;
      draws += 1;
      return (digit + 0.5) / 4;
    };
    const means = Array.from({ length: 256 }, (_, resample) => {
      const digits = [0, 1, 2, 3].map((place) => Math.floor(resample / 4 ** place) % 4);
      return digits.reduce((sum, digit) => sum + (values[digit] as number), 0) / 4;
    }).sort((a, b) => a - b);
    const got = pairedBootstrap(Float64Array.from(values), names(4), {
      resamples: 256,
      level: 1 - 2 / 255,
      random: everyResample,
    });
    expect(got.difference).toBe(3.5);
    expect(got.low).toBeCloseTo(means[1] as number, 12);
    expect(got.high).toBeCloseTo(means[254] as number, 12);
  });

  it("covers the true mean of simulated data about as often as its level says", () => {
    const random = createRandomSource(11);
    const trials = 400;
    let covered = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const values = normalDraws(random, 80).map((draw) => 0.3 + draw);
      const { low, high } = pairedBootstrap(values, names(80), { resamples: 400, random: trial });
      if (low <= 0.3 && 0.3 <= high) covered += 1;
    }
    // 95% less a small-sample loss of about 1%, with three standard errors of 400 trials on both sides.
    expect(covered / trials).toBeGreaterThan(0.905);
    expect(covered / trials).toBeLessThan(0.98);
  });

  it("is much narrower than an unpaired interval when two methods agree on most simulated questions", () => {
    const random = createRandomSource(3);
    const one = Float64Array.from({ length: 300 }, () => (random() < 0.6 ? 1 : 0));
    const other = one.map((value) => (random() < 0.05 ? 1 - value : value));
    const paired = pairedBootstrap(
      one.map((value, question) => value - (other[question] as number)),
      names(300),
    );
    const unpairedWidth = Math.hypot(
      ...[one, other].map((values) => {
        const { low, high } = pairedBootstrap(values, names(300));
        return high - low;
      }),
    );
    expect(paired.high - paired.low).toBeLessThan(unpairedWidth / 2);
  });

  it("resamples texts, so that copies of every question under their text change nothing", () => {
    const values = normalDraws(createRandomSource(5), 50);
    const copies = Float64Array.of(...values, ...values, ...values);
    const once = pairedBootstrap(values, names(50));
    const thrice = pairedBootstrap(copies, [...names(50), ...names(50), ...names(50)]);
    expect(thrice.low).toBeCloseTo(once.low, 12);
    expect(thrice.high).toBeCloseTo(once.high, 12);
    const asIfIndependent = pairedBootstrap(copies, names(150));
    expect(asIfIndependent.high - asIfIndependent.low).toBeLessThan(0.7 * (once.high - once.low));
  });

  it("weighs a text by its number of questions", () => {
    const got = pairedBootstrap(Float64Array.of(1, 1, 1, 0), ["a", "a", "a", "b"]);
    expect(got.difference).toBe(0.75);
    expect([got.low, got.high]).toEqual([0, 1]);
  });

  it("does not depend on the order of the questions", () => {
    const values = Float64Array.of(0.1, 0.7, -0.2, 0.4, 0.3);
    const groups = ["c", "a", "b", "a", "d"];
    const order = [3, 0, 4, 2, 1];
    const shuffled = pairedBootstrap(
      Float64Array.from(order, (place) => values[place] as number),
      order.map((place) => groups[place] as string),
    );
    const straight = pairedBootstrap(values, groups);
    expect(shuffled.low).toBeCloseTo(straight.low, 15);
    expect(shuffled.high).toBeCloseTo(straight.high, 15);
  });

  it("leaves out what was not recorded instead of counting it as 0", () => {
    const missing = pairedBootstrap(Float64Array.of(0.5, Number.NaN, 0.3, 0.1), ["a", "b", "c", "d"]);
    expect(missing).toEqual(pairedBootstrap(Float64Array.of(0.5, 0.3, 0.1), ["a", "c", "d"]));
  });

  it("gives a point when all differences are equal", () => {
    expect(pairedBootstrap(new Float64Array(30).fill(0.1), names(30))).toEqual({
      difference: 0.1,
      low: 0.1,
      high: 0.1,
    });
  });

  it("repeats for the same seed and changes with it", () => {
    const values = normalDraws(createRandomSource(1), 40);
    const run = (random: number) => pairedBootstrap(values, names(40), { resamples: 200, random });
    expect(run(4)).toEqual(run(4));
    expect(run(4)).not.toEqual(run(5));
  });

  it("refuses what cannot be resampled", () => {
    expect(() => pairedBootstrap(Float64Array.of(1, 2), ["a", "a"])).toThrowErrorMatchingInlineSnapshot(
      `[HapsError: pairedBootstrap: an interval needs distinct texts to resample; got 1, expected at least 2; evaluate more questions]`,
    );
    expect(() => pairedBootstrap(new Float64Array(0), [])).toThrow(HapsError);
    expect(() => pairedBootstrap(Float64Array.of(1, 2), ["a"])).toThrow(ShapeError);
    expect(() => pairedBootstrap(Float64Array.of(1, 2), ["a", "b"], { level: 95 })).toThrow(/level/);
  });
});

describe("createRandomSource", () => {
  it("agrees with sfc32 in Python integers", () => {
    const source = createRandomSource(7);
    expect(golden.sfc32Seed7.map(() => source())).toEqual(golden.sfc32Seed7);
  });

  it("uses both words of a large seed", () => {
    expect(createRandomSource(2 ** 40)()).not.toBe(createRandomSource(0)());
    expect(createRandomSource(-1)()).not.toBe(createRandomSource(2 ** 32 - 1)());
  });

  it("draws evenly: 20 bins of 20,000 draws pass a chi-square test at 0.1%", () => {
    const source = createRandomSource(9);
    const bins = new Array<number>(20).fill(0);
    for (let draw = 0; draw < 20_000; draw += 1) {
      const bin = Math.floor(source() * 20);
      bins[bin] = (bins[bin] as number) + 1;
    }
    const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(43.8);
  });
});
