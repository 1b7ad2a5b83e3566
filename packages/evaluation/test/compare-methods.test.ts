import {
  averageOverSeeds,
  type CompareMethodsInput,
  compareMethods,
  createRandomSource,
  type MethodComparison,
  pairedBootstrap,
} from "@haps/evaluation";
import { HapsError, ShapeError } from "@haps/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import golden from "./golden/compare-methods.json" with { type: "json" };
import { against, chains, simulated } from "./simulated-comparisons.ts";

const missing = Number.NaN;
const recorded = (values: readonly (number | null)[]): Float64Array =>
  Float64Array.from(values, (value) => value ?? missing);
const goldenMethods = Object.entries(golden.methods).map(([id, seeds]) => ({
  id,
  seeds: seeds.map(({ seed, score }) => ({ seed, score: recorded(score) })),
}));

describe("compareMethods", () => {
  it.each(golden.cases)("agrees with float64 NumPy and statsmodels at level $level", (one) => {
    const { resamples, level, random, expected } = one;
    const comparisons = one.comparisons.map(([id, method, baseline, oneSided]) => ({
      id: String(id),
      method: String(method),
      baseline: String(baseline),
      oneSided: oneSided === true,
    }));
    const got = compareMethods({
      methods: goldenMethods,
      clusters: golden.clusters,
      comparisons,
      options: { resamples, level, random },
    });
    expected.forEach((row, index) => {
      const { perSeed, overSeeds, ...numbers } = row;
      const comparison = got.comparisons[index] as MethodComparison;
      for (const [name, value] of Object.entries(numbers)) {
        const found = comparison[name as keyof typeof numbers];
        if (typeof value === "number") expect(found, `${row.id} ${name}`).toBeCloseTo(value, 11);
        else expect(found, `${row.id} ${name}`).toBe(value);
      }
      perSeed.forEach((value, seed) => {
        expect(comparison.perSeed[seed]?.difference).toBeCloseTo(value, 12);
      });
      expect(comparison.seedsInFavour).toBe(perSeed.filter((value) => value > 0).length);
      expect(comparison.overSeeds?.low).toBeCloseTo(overSeeds.low, 11);
      expect(comparison.overSeeds?.high).toBeCloseTo(overSeeds.high, 11);
    });
  });

  it("comes near the t-test of SciPy on normal differences without clusters", () => {
    const { differences, p, low } = golden.normal;
    const [got] = against([Float64Array.from(differences)], chains(120), { resamples: 20_000 });
    // Three standard errors of 20,000 resamples, and what the tails of 120 draws differ by from those of a t.
    expect(Math.abs((got?.pOneSided as number) - p)).toBeLessThan(0.003);
    expect(Math.abs((got?.bonferroniLow as number) - low)).toBeLessThan(0.001);
  });

  it("gives the interval of pairedBootstrap on differences that are averaged over seeds", () => {
    const [haps, other] = goldenMethods;
    const options = { resamples: 300, random: 5 };
    const [got] = compareMethods({
      methods: goldenMethods,
      clusters: golden.clusters,
      comparisons: [{ id: "c", method: "haps", baseline: "other" }],
      options,
    }).comparisons;
    const differences = averageOverSeeds(
      (haps?.seeds ?? []).map(({ seed, score }) => {
        const baseline = other?.seeds.find((one) => one.seed === seed)?.score as Float64Array;
        return score.map((value, question) => value - (baseline[question] as number));
      }),
    );
    const { difference, low, high } = pairedBootstrap(differences, golden.clusters, options);
    expect(got?.difference).toBeCloseTo(difference, 12);
    expect(got?.low).toBeCloseTo(low, 12);
    expect(got?.high).toBeCloseTo(high, 12);
  });

  it("has bounds that agree with its tests", () => {
    const effects = fc.array(fc.integer({ min: -3, max: 8 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(effects, fc.integer({ min: 0, max: 1000 }), (steps, seed) => {
        const random = createRandomSource(seed);
        const differences = steps.map((step) => simulated(random, step / 200, 25, 1));
        const got = against(differences, chains(25), { resamples: 199, random: seed, level: 0.9 });
        for (const one of got) {
          expect(one.bonferroniLow > 0).toBe(one.pOneSided * got.length <= 0.1 + 1e-9);
          expect((one.holmLow as number) >= 0).toBe(one.rejected);
          expect(one.pHolm).toBeGreaterThanOrEqual(one.pOneSided);
          expect(one.bonferroniLow).toBeLessThan(one.difference);
        }
      }),
      { seed: 8, numRuns: 60 },
    );
  });

  it("spends on open comparisons what rejected ones leave, and says how much of an effect once all are rejected", () => {
    const random = createRandomSource(2);
    const clear = simulated(random, 0.1, 40, 1);
    const none = simulated(random, 0, 40, 1);
    const options = { resamples: 999 };
    const [first, second] = against([clear, none], chains(40), options) as [MethodComparison, MethodComparison];
    const [alone] = against([none], chains(40), options) as [MethodComparison];
    expect(first).toMatchObject({ rejected: true, holmLow: 0 });
    expect(second.rejected).toBe(false);
    expect(second.holmLow).toBe(alone.bonferroniLow);
    expect(second.holmLow).toBeGreaterThan(second.bonferroniLow);
    const both = against([clear, clear], chains(40), options);
    for (const one of both) expect(one.holmLow).toBe(one.bonferroniLow);
  });

  it("gives no bounds of Holm when a comparison is two-sided, and finds a method that is worse there", () => {
    const worse = simulated(createRandomSource(3), -0.1, 40, 1).map((value) => 0.5 + value);
    const run = (oneSided: boolean) =>
      compareMethods({
        methods: [
          { id: "worse", seeds: [{ seed: 0, score: worse }] },
          { id: "half", seeds: [{ seed: 0, score: new Float64Array(40).fill(0.5) }] },
        ],
        clusters: chains(40),
        comparisons: [{ id: "c", method: "worse", baseline: "half", oneSided }],
        options: { resamples: 500 },
      }).comparisons[0];
    expect(run(false)).toMatchObject({ rejected: true, holmLow: null, pTwoSided: 2 / 501 });
    expect(run(true)).toMatchObject({ rejected: false, pOneSided: 1 });
    expect(run(true)?.holmLow).toBeLessThan(0);
  });

  it("is wider over seeds when seeds differ, and null for methods of one run", () => {
    const random = createRandomSource(6);
    const base = simulated(random, 0.03, 60, 1).map((value) => 0.5 + value);
    const half = { id: "half", seeds: [{ seed: 0, score: new Float64Array(60).fill(0.5) }] };
    const run = (shifts: readonly number[]) =>
      compareMethods({
        methods: [
          half,
          { id: "m", seeds: shifts.map((shift, seed) => ({ seed, score: base.map((value) => value + shift) })) },
        ],
        clusters: chains(60),
        comparisons: [{ id: "c", method: "m", baseline: "half" }],
        options: { resamples: 2000 },
      }).comparisons[0] as MethodComparison;
    const width = ({ low, high }: { low: number; high: number }): number => high - low;
    const steady = run([0, 0, 0, 0]);
    const wild = run([-0.09, 0.09, -0.03, 0.03].map((shift) => shift / 2));
    expect(width(steady.overSeeds as never) / width(steady)).toBeCloseTo(1, 1);
    expect(width(wild)).toBeCloseTo(width(steady), 12);
    expect(width(wild.overSeeds as never)).toBeGreaterThan(1.2 * width(wild));
    expect(steady.seedDeviation).toBeCloseTo(0, 12);
    // Four seeds at ±0.045 and ±0.015: sqrt((2 · 0.045² + 2 · 0.015²) / 3).
    expect(wild.seedDeviation).toBeCloseTo(Math.sqrt(0.0015), 12);
    expect(run([0])).toMatchObject({ overSeeds: null, seedDeviation: null });
  });

  it("averages the method when the baseline alone has several seeds", () => {
    const score = (value: number): Float64Array => Float64Array.from({ length: 12 }, (_, i) => value + (i % 3) / 10);
    const { comparisons, methods } = compareMethods({
      methods: [
        { id: "one", seeds: [{ seed: 9, score: score(0.5) }] },
        { id: "two", seeds: [0.3, 0.6].map((value, seed) => ({ seed, score: score(value) })) },
      ],
      clusters: chains(12),
      comparisons: [{ id: "c", method: "one", baseline: "two" }],
      options: { resamples: 100 },
    });
    expect(comparisons[0]?.perSeed.map(({ difference }) => difference.toFixed(12))).toEqual([
      "0.200000000000",
      "-0.100000000000",
    ]);
    expect(comparisons[0]).toMatchObject({ seedsInFavour: 1 });
    expect(methods[1]?.score).toBeCloseTo(0.55, 12);
  });

  it("leaves failed runs out in pairs and counts them", () => {
    const one = Float64Array.from({ length: 24 }, (_, i) => (i % 5 === 0 ? missing : 0.6 + (i % 3) / 10));
    const other = Float64Array.from({ length: 24 }, (_, i) => (i % 7 === 0 ? missing : 0.5));
    const both = one.map((value, i) => (Number.isNaN(other[i]) ? missing : value - 0.5));
    const { comparisons, methods } = compareMethods({
      methods: [
        { id: "one", seeds: [{ seed: 0, score: one, cost: one.map((value) => 10 * value) }] },
        { id: "other", seeds: [{ seed: 0, score: other }] },
      ],
      clusters: chains(12, 2),
      comparisons: [{ id: "c", method: "one", baseline: "other" }],
      options: { resamples: 200 },
    });
    const kept = both.filter((value) => !Number.isNaN(value));
    expect(comparisons[0]?.difference).toBeCloseTo(kept.reduce((sum, value) => sum + value, 0) / kept.length, 12);
    expect(comparisons[0]).toMatchObject({ questions: kept.length, missingPairs: 24 - kept.length });
    expect(methods).toMatchObject([{ missing: 5 }, { missing: 4, cost: null }]);
    expect(methods[0]?.cost).toBeCloseTo(10 * (methods[0]?.score as number), 12);
  });

  it("sees no difference between equal methods", () => {
    const score = simulated(createRandomSource(1), 0, 20, 1).map((value) => 0.5 + value);
    const { comparisons } = compareMethods({
      methods: ["a", "b"].map((id) => ({ id, seeds: [{ seed: 0, score }] })),
      clusters: chains(20),
      comparisons: [{ id: "c", method: "a", baseline: "b" }],
    });
    expect(comparisons[0]).toMatchObject({
      ...{ difference: 0, low: 0, high: 0, pOneSided: 1, pTwoSided: 1, rejected: false, bonferroniLow: 0 },
    });
  });

  it("stays finite and claims nothing when one cluster alone differs", () => {
    const differences = new Float64Array(12);
    differences[4] = 0.4;
    const [got] = against([differences, differences.map((value) => -value)], chains(12), { resamples: 999 });
    expect(got).toMatchObject({ rejected: false });
    expect(got?.bonferroniLow).toBeGreaterThanOrEqual(-1);
    expect(JSON.parse(JSON.stringify(got))).toEqual(got);
  });

  it("does not depend on the order of comparisons or on others beside them", () => {
    const pick = (input: Pick<CompareMethodsInput, "comparisons">) =>
      compareMethods({ methods: goldenMethods, clusters: golden.clusters, ...input, options: { resamples: 200 } });
    const first = { id: "first", method: "haps", baseline: "other" };
    const second = { id: "second", method: "haps", baseline: "weak" };
    const plain = ({ id, difference, low, high, pOneSided }: MethodComparison) => ({
      id,
      difference,
      low,
      high,
      pOneSided,
    });
    const both = pick({ comparisons: [first, second] }).comparisons.map(plain);
    expect(pick({ comparisons: [second, first] }).comparisons.map(plain)).toEqual([both[1], both[0]]);
    expect(pick({ comparisons: [second] }).comparisons.map(plain)).toEqual([both[1]]);
    expect(pick({ comparisons: [] })).toMatchObject({ comparisons: [], methods: { length: 4 } });
  });

  it("refuses what does not fit together", () => {
    const run = (change: Partial<CompareMethodsInput>) => () =>
      compareMethods({
        methods: goldenMethods,
        clusters: golden.clusters,
        comparisons: [{ id: "c", method: "haps", baseline: "other" }],
        ...change,
      });
    const score = new Float64Array(90);
    expect(run({ comparisons: [{ id: "c", method: "haps", baseline: "hapz" }] })).toThrowErrorMatchingInlineSnapshot(
      `[HapsError: compareMethods: comparison "c" names "hapz"; expected two of haps, other, single, weak; correct the comparison]`,
    );
    expect(run({ comparisons: [{ id: "c", method: "haps", baseline: "haps" }] })).toThrow(/with itself/);
    expect(run({ methods: [...goldenMethods, { id: "haps", seeds: [{ seed: 0, score }] }] })).toThrow(/occurs twice/);
    expect(run({ methods: [...goldenMethods, { id: "x", seeds: [] }] })).toThrow(ShapeError);
    expect(run({ clusters: golden.clusters.slice(1) })).toThrow(ShapeError);
    expect(run({ methods: [...goldenMethods, { id: "x", seeds: [{ seed: 0, score: score.fill(50) }] }] })).toThrow(
      /has score 50; expected 0 to 1/,
    );
    expect(run({ methods: [...goldenMethods, { id: "x", seeds: [{ seed: 0, score: score.fill(missing) }] }] })).toThrow(
      /no recorded score/,
    );
    expect(run({ clusters: golden.clusters.map((name) => (name < "chain 5" ? "few" : "more")) })).toThrow(
      /in 2 clusters; expected at least 10/,
    );
    expect(run({ options: { resamples: 18 } })).toThrow(/expected at least 19/);
    expect(run({ options: { resample: 100 } as never })).toThrow(/did you mean "resamples"/);
    expect(run({ options: { level: 95 } })).toThrow(HapsError);
  });
});
