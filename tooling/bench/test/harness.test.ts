import { type BenchmarkCase, formatResult, interleave, median, quantile, summariseTimes } from "@haps/bench";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** A clock that stands still but for what the cases spend. */
function fakeClock() {
  let now = 1000;
  const log: string[] = [];
  const spend = (name: string, times: readonly number[]): BenchmarkCase => {
    let call = 0;
    return {
      name,
      run: () => {
        log.push(name);
        now += times[call % times.length] as number;
        call += 1;
      },
    };
  };
  return { clock: () => now, spend, log };
}

describe("median and quantile", () => {
  it("find the middle of an odd and of an even number of values, in any order", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });

  it("sort by value, not by text", () => {
    expect(median([10, 9, 100])).toBe(10);
  });

  it("interpolate between neighbours, as NumPy's default does", () => {
    expect(quantile([0, 10, 20, 30, 40], 0.99)).toBeCloseTo(39.6, 12);
    expect(quantile([5, 1], 0)).toBe(1);
    expect(quantile([5, 1], 1)).toBe(5);
  });

  it("are not a number for nothing", () => {
    expect(median([])).toBeNaN();
  });

  it("leave the values as they are and lie between the extremes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const before = [...values];
          const found = quantile(values, share);
          expect(values).toEqual(before);
          expect(found).toBeGreaterThanOrEqual(Math.min(...values));
          expect(found).toBeLessThanOrEqual(Math.max(...values));
        },
      ),
      { seed: 5, numRuns: 100 },
    );
  });
});

describe("interleave", () => {
  it("runs every case once per round, every second round backwards", async () => {
    const { clock, spend, log } = fakeClock();
    await interleave([spend("a", [1]), spend("b", [1])], { warmUp: 1, rounds: 2, clock, progress: () => undefined });
    expect(log.join("")).toBe("baabba");
  });

  it("keeps the times of the rounds that count, round by round", async () => {
    const { clock, spend } = fakeClock();
    const cases = [spend("a", [100, 100, 1, 2, 3]), spend("b", [900, 900, 10, 20, 30])];
    const lines: string[] = [];
    const times = await interleave(cases, { warmUp: 2, rounds: 3, clock, progress: (line) => lines.push(line) });
    expect(Object.fromEntries(times)).toEqual({ a: [1, 2, 3], b: [10, 20, 30] });
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe("warm-up: a 100 ms, b 900 ms");
    expect(lines[4]).toBe("round 3/3: a 3.00 ms, b 30 ms");
  });

  it("waits for cases that take their time", async () => {
    let now = 0;
    const slow: BenchmarkCase = {
      name: "slow",
      run: async () => {
        await Promise.resolve();
        now += 5;
      },
    };
    const times = await interleave([slow], { warmUp: 0, rounds: 1, clock: () => now, progress: () => undefined });
    expect(times.get("slow")).toEqual([5]);
  });
});

describe("summariseTimes", () => {
  it("takes medians, and the median of the ratios within rounds", () => {
    const times = new Map([
      ["fast", [1, 2, 4]],
      ["slow", [4, 6, 40]],
    ]);
    expect(summariseTimes(times, "fast")).toEqual({
      rows: [
        { case: "fast", median: 2, unit: "ms" },
        { case: "slow", median: 6, unit: "ms" },
      ],
      ratios: { "slow / fast": 4 },
    });
  });
});

describe("formatResult", () => {
  it("aligns the table", () => {
    const rows = [
      { case: "one", median: 1234.5, unit: "ms" },
      { case: "longer name", median: 0.01234, unit: "ms" },
    ];
    expect(formatResult({ name: "demo", backend: "wasm", rows, ratios: { "one / other": 4.321 } })).toBe(
      [
        "demo (backend wasm)",
        "  case         median",
        "  one            1235 ms",
        "  longer name  0.0123 ms",
        "  one / other: 4.32x",
      ].join("\n"),
    );
  });
});
