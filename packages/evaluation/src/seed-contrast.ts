import { averageOverSeeds } from "./average-over-seeds.ts";

/** What one run of a method got: one seed. */
export interface SeedScores {
  readonly seed: number;
  /** `[questions]`, 0 to 1; `NaN` where the run failed. */
  readonly score: Float64Array;
  /** `[questions]`; `NaN` where unknown. */
  readonly cost?: Float64Array;
}

/** One side whose seeds can be drawn: per seed the weighted values and the weights, `[questions]` each. */
export interface SeedSide {
  readonly sign: 1 | -1;
  readonly seeds: readonly { readonly values: Float64Array; readonly weights: Float64Array }[];
}

/** One method minus another, question by question. */
export interface SeedContrast {
  /** `[questions]`, averaged over the seeds; `NaN` where no pair is recorded. */
  readonly values: Float64Array;
  /** Differences of each seed, `[questions]` each. */
  readonly perSeed: readonly { readonly seed: number; readonly values: Float64Array }[];
  /** What drawing seeds means: one side where seeds are paired or only one side has several, else two. */
  readonly sides: readonly SeedSide[];
}

/**
 * Subtracts the baseline. Equal sets of seeds are paired seed by seed. Otherwise one side is averaged over its seeds first:
 * the baseline, or the method where it alone has a single seed.
 */
export function seedContrast(method: readonly SeedScores[], baseline: readonly SeedScores[]): SeedContrast {
  const bySeed = new Map(baseline.map(({ seed, score }) => [seed, score]));
  if (method.length === baseline.length && method.every(({ seed }) => bySeed.has(seed))) {
    return oneSided(
      method.map(({ seed, score }) => ({ seed, values: minus(score, bySeed.get(seed) as Float64Array) })),
    );
  }
  const ours = averageOverSeeds(method.map(({ score }) => score));
  const theirs = averageOverSeeds(baseline.map(({ score }) => score));
  if (method.length === 1) return oneSided(baseline.map(({ seed, score }) => ({ seed, values: minus(ours, score) })));
  const contrast = oneSided(method.map(({ seed, score }) => ({ seed, values: minus(score, theirs) })));
  if (baseline.length === 1) return contrast;
  return { ...contrast, sides: [sideOf(1, method, contrast.values), sideOf(-1, baseline, contrast.values)] };
}

function oneSided(perSeed: SeedContrast["perSeed"]): SeedContrast {
  const values = averageOverSeeds(perSeed.map((seed) => seed.values));
  const scores = perSeed.map(({ seed, values: score }) => ({ seed, score }));
  return { values, perSeed, sides: [sideOf(1, scores, values)] };
}

/** Weighs each value by one over the seeds that recorded its question, so that all seeds together give the mean. */
function sideOf(sign: 1 | -1, seeds: readonly SeedScores[], recorded: Float64Array): SeedSide {
  const share = recorded.map((value, question) => {
    if (Number.isNaN(value)) return 0;
    return 1 / seeds.filter(({ score }) => !Number.isNaN(score[question])).length;
  });
  return {
    sign,
    seeds: seeds.map(({ score }) => {
      const weights = share.map((weight, question) => (Number.isNaN(score[question]) ? 0 : weight));
      const values = weights.map((weight, question) => (weight === 0 ? 0 : weight * (score[question] as number)));
      return { values, weights };
    }),
  };
}

function minus(one: Float64Array, other: Float64Array): Float64Array {
  return one.map((value, question) => value - (other[question] as number));
}
