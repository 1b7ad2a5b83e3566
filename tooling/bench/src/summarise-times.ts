import type { BenchmarkResult } from "./benchmark.ts";
import type { RoundTimes } from "./interleave.ts";
import { median } from "./statistics.ts";

/**
 * Rows and ratios of a run: the median of each case, and how many times as long as `fast` every other one took.
 *
 * A ratio is the median over the rounds of the ratio within a round: load that comes and goes falls on both sides of it.
 */
export function summariseTimes(times: RoundTimes, fast: string): Pick<BenchmarkResult, "rows" | "ratios"> {
  const base = times.get(fast) ?? [];
  const others = [...times].filter(([name]) => name !== fast);
  return {
    rows: [...times].map(([name, values]) => ({ case: name, median: median(values), unit: "ms" })),
    ratios: Object.fromEntries(
      others.map(([name, values]) => [
        `${name} / ${fast}`,
        median(values.map((value, round) => value / (base[round] as number))),
      ]),
    ),
  };
}
