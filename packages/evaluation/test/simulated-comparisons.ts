import { type BootstrapOptions, compareMethods, type MethodComparison, type RandomSource } from "@haps/evaluation";
import { normalDraws } from "./simulated-outcomes.ts";

/** Names of clusters, `perChain` questions each. */
export function chains(count: number, perChain = 1): string[] {
  return Array.from({ length: count * perChain }, (_, question) => `chain ${Math.floor(question / perChain)}`);
}

/** One method against a constant baseline of one half, per array of differences. */
export function against(
  differences: readonly Float64Array[],
  clusters: readonly string[],
  options: BootstrapOptions = {},
): readonly MethodComparison[] {
  const questions = clusters.length;
  const scored = differences.map((values) => values.map((value) => 0.5 + value));
  return compareMethods({
    methods: [
      { id: "half", seeds: [{ seed: 0, score: new Float64Array(questions).fill(0.5) }] },
      ...scored.map((score, index) => ({ id: `m${index}`, seeds: [{ seed: 0, score }] })),
    ],
    clusters,
    comparisons: scored.map((_, index) => ({ id: `c${index}`, method: `m${index}`, baseline: "half" })),
    options,
  }).comparisons;
}

/** Differences in -0.5 to 0.5 with an effect of their chain, whose true mean is `mean`. */
export function simulated(random: RandomSource, mean: number, count: number, perChain: number): Float64Array {
  const effects = normalDraws(random, count).map((draw) => 0.08 * draw);
  return normalDraws(random, count * perChain).map((draw, question) =>
    Math.max(-0.5, Math.min(0.5, mean + (effects[Math.floor(question / perChain)] as number) + 0.06 * draw)),
  );
}
