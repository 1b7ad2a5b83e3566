import type { ResolvedBootstrapOptions } from "./bootstrap-options.ts";
import {
  forEachResample,
  type Grouping,
  type Interval,
  percentileInterval,
  transpose,
  weightedSums,
} from "./group-bootstrap.ts";
import type { SeedContrast } from "./seed-contrast.ts";

/**
 * Percentile intervals of mean differences when seeds are drawn anew as well as clusters.
 *
 * Seeds and questions are crossed, every seed answers every question, so rows and columns are drawn independently:
 * `d* = Σ_s v_s Σ_g w_g D[s, g] / Σ_s v_s Σ_g w_g n[s, g]` with `v`, `w` how often a seed and a cluster were drawn.
 *
 * @returns `null` for a contrast without two seeds on any side.
 *
 * Source: A. Owen, The Pigeonhole Bootstrap (2007). Its variance is on the careful side of the truth for the part that
 * seeds and questions share; the part of `S` seeds alone is too small by `(S - 1) / S`, as in every bootstrap.
 */
export function twoLevelIntervals(
  operation: string,
  contrasts: readonly SeedContrast[],
  { count, groupOf }: Grouping,
  options: ResolvedBootstrapOptions,
): (Interval | null)[] {
  const columns = contrasts.flatMap(({ sides }) =>
    sides.flatMap(({ seeds }) => seeds.flatMap(({ values, weights }) => [values, weights])),
  );
  const byCluster = columns.map((column) => {
    const sums = new Float64Array(count);
    column.forEach((value, question) => {
      const group = groupOf[question] as number;
      sums[group] = (sums[group] as number) + value;
    });
    return sums;
  });
  const matrix = transpose(byCluster, count);
  const sums = new Float64Array(columns.length);
  const samples = contrasts.map(() => new Float64Array(options.resamples));
  forEachResample(operation, count, options, (weights, resample) => {
    weightedSums(weights, matrix, sums);
    let column = 0;
    contrasts.forEach(({ sides }, index) => {
      let difference = 0;
      for (const { sign, seeds } of sides) {
        difference += sign * drawnMean(sums, column, seeds.length, options.random);
        column += 2 * seeds.length;
      }
      (samples[index] as Float64Array)[resample] = difference;
    });
  });
  return contrasts.map(({ sides }, index) =>
    sides.some(({ seeds }) => seeds.length > 1)
      ? percentileInterval(operation, samples[index] as Float64Array, options.level)
      : null,
  );
}

/** The mean over as many seeds as there are, drawn with replacement; `sums` holds values and weights in turn. */
function drawnMean(sums: Float64Array, start: number, seeds: number, random: () => number): number {
  let value = 0;
  let weight = 0;
  for (let draw = 0; draw < seeds; draw += 1) {
    const place = start + 2 * (seeds === 1 ? 0 : Math.floor(random() * seeds));
    value += sums[place] as number;
    weight += sums[place + 1] as number;
  }
  return value / weight;
}
