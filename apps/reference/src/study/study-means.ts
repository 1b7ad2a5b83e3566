import { averageOverSeeds } from "@haps/evaluation";

/** Mean of the recorded values; `null` where there is none. */
export function recordedMean(values: Float64Array | readonly number[]): number | null {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    count += 1;
  }
  return count === 0 ? null : sum / count;
}

/** Mean over questions, each averaged over its recorded seeds first; `null` where nothing is recorded. */
export function meanOverSeeds(perSeed: readonly Float64Array[]): number | null {
  return perSeed.length === 0 ? null : recordedMean(averageOverSeeds(perSeed));
}

/** Standard deviation, with `n - 1`, of the mean of each seed; `null` for fewer than two seeds. */
export function deviationOverSeeds(perSeed: readonly Float64Array[]): number | null {
  const means = perSeed.flatMap((values) => recordedMean(values) ?? []);
  if (means.length < 2) return null;
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  return Math.sqrt(means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (means.length - 1));
}
