import { ShapeError } from "@haps/spec";
import { type BootstrapOptions, resolveBootstrapOptions } from "./bootstrap-options.ts";
import { bootstrapRatios, groupingOf, type RatioStatistic, statisticValue } from "./group-bootstrap.ts";

/** A mean difference with its interval. */
export interface PairedDifference {
  /** Mean over the recorded questions. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Percentile interval of a mean of per-question differences, resampling distinct texts.
 *
 * One resample draws as many groups as there are, with replacement; its value is
 * `sum of differences of the drawn groups / number of questions in them`.
 *
 * @param differences - `[questions]`, averaged over seeds first (see {@link averageOverSeeds}); `NaN` is "not
 *   recorded" and is left out.
 * @param groups - `[questions]`, the text group of each question.
 * @param options - Resamples (10,000), level (0.95) and the seed or source of randomness (0).
 * @returns Mean and interval; `low = difference = high` when all recorded differences are equal.
 * @throws HapsError code `data` for fewer than two recorded groups; ShapeError when lengths differ.
 *
 * Source: B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), sections 8.3 and 13.3.
 *
 * @example
 * ```ts
 * import { pairedBootstrap } from "@haps/evaluation";
 * const { difference, low, high } = pairedBootstrap(Float64Array.of(0, 1, 1, 0), ["a", "b", "c", "d"]);
 * console.assert(difference === 0.5 && low < 0.5 && high > 0.5);
 * ```
 */
export function pairedBootstrap(
  differences: Float64Array,
  groups: readonly string[],
  options: BootstrapOptions = {},
): PairedDifference {
  const operation = "pairedBootstrap";
  if (groups.length !== differences.length) {
    throw new ShapeError(operation, "groups", `[${differences.length}]`, [groups.length]);
  }
  const resolved = resolveBootstrapOptions(operation, options);
  const recorded = groups.filter((_, question) => !Number.isNaN(differences[question]));
  const values = differences.filter((value) => !Number.isNaN(value));
  const grouping = groupingOf(recorded);
  const statistic = meanStatistic(values, grouping.groupOf, grouping.count);
  const [interval] = bootstrapRatios(operation, [statistic], grouping.count, resolved);
  return { difference: statisticValue(statistic), low: interval?.low as number, high: interval?.high as number };
}

/** The mean of the recorded values as sums and counts by group. */
export function meanStatistic(values: Float64Array, groupOf: Int32Array, groups: number): RatioStatistic {
  const numerator = new Float64Array(groups);
  const denominator = new Float64Array(groups);
  values.forEach((value, question) => {
    if (Number.isNaN(value)) return;
    const group = groupOf[question] as number;
    numerator[group] = (numerator[group] as number) + value;
    denominator[group] = (denominator[group] as number) + 1;
  });
  const recorded = values.filter((value) => !Number.isNaN(value));
  const first = recorded[0];
  const constant = first !== undefined && recorded.every((value) => value === first);
  return { numerator, denominator, ...(constant ? { constant: first } : {}) };
}
