import { ShapeError } from "@haps/spec";

/**
 * Averages each question's value over the seeds, leaving out seeds in which it was not recorded.
 *
 * `mean[q] = sum_s value[s][q] / #{s : value[s][q] recorded}`
 *
 * Pooling seeds and questions instead makes intervals far too narrow, because the questions are the same.
 *
 * @param perSeed - One array per seed, `[questions]` each; `NaN` is "not recorded".
 * @returns `[questions]`; `NaN` where no seed recorded the question. The caller owns it.
 * @throws ShapeError when the seeds hold different numbers of questions, or there is no seed.
 *
 * @example
 * ```ts
 * import { averageOverSeeds } from "@haps/evaluation";
 * const mean = averageOverSeeds([Float64Array.of(1, Number.NaN), Float64Array.of(0, 0.5)]);
 * console.assert(mean[0] === 0.5 && mean[1] === 0.5);
 * ```
 */
export function averageOverSeeds(perSeed: readonly Float64Array[]): Float64Array {
  const questions = perSeed[0]?.length ?? 0;
  const odd = perSeed.find((values) => values.length !== questions);
  if (perSeed.length === 0) throw new ShapeError("averageOverSeeds", "perSeed", "at least one seed", [0]);
  if (odd !== undefined) throw new ShapeError("averageOverSeeds", "a seed", `[${questions}]`, [odd.length]);
  return Float64Array.from({ length: questions }, (_, question) => {
    let sum = 0;
    let recorded = 0;
    for (const values of perSeed) {
      const value = values[question] as number;
      if (Number.isNaN(value)) continue;
      sum += value;
      recorded += 1;
    }
    return recorded === 0 ? Number.NaN : sum / recorded;
  });
}
