import { HapsError } from "@haps/spec";
import type { ResolvedBootstrapOptions } from "./bootstrap-options.ts";
import { quantile } from "./quantile.ts";

/** Both ends of an interval. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Which group each question belongs to, with the groups numbered from 0 in the order of their names. */
export interface Grouping {
  /** Number of distinct groups. */
  readonly count: number;
  /** `[questions]`, group number of each question. */
  readonly groupOf: Int32Array;
}

/** A statistic that is a ratio of two sums over questions, summed up by group. A mean is `sum / count`. */
export interface RatioStatistic {
  /** `[groups]`. */
  readonly numerator: Float64Array;
  /** `[groups]`. */
  readonly denominator: Float64Array;
  /** The value of every resample, where all questions have the same; rounding would otherwise blur it. */
  readonly constant?: number;
}

/** The ratio on all groups, each once. */
export function statisticValue({ numerator, denominator, constant }: RatioStatistic): number {
  return constant ?? total(numerator) / total(denominator);
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Numbers the groups by name, so that the numbers do not depend on the order of the questions. */
export function groupingOf(groups: readonly string[]): Grouping {
  const names = [...new Set(groups)].sort();
  const numberOf = new Map(names.map((name, index) => [name, index]));
  return { count: names.length, groupOf: Int32Array.from(groups, (group) => numberOf.get(group) as number) };
}

/**
 * Draws as many groups as there are, with replacement, `resamples` times.
 *
 * @param visit - Gets how often each group was drawn, `[groups]`; the array is reused between calls.
 * @throws HapsError code `data` when there are fewer than two groups: nothing can be said about their spread.
 */
export function forEachResample(
  operation: string,
  groups: number,
  options: ResolvedBootstrapOptions,
  visit: (weights: Float64Array, resample: number) => void,
): void {
  if (groups < 2) {
    throw new HapsError(
      "data",
      `${operation}: an interval needs distinct texts to resample; got ${groups}, expected at least 2; evaluate more questions`,
      { groups },
    );
  }
  const weights = new Float64Array(groups);
  for (let resample = 0; resample < options.resamples; resample += 1) {
    weights.fill(0);
    for (let draw = 0; draw < groups; draw += 1) {
      const group = Math.floor(options.random() * groups);
      weights[group] = (weights[group] as number) + 1;
    }
    visit(weights, resample);
  }
}

/** The percentile interval of resampled values; non-finite ones are refused. */
export function percentileInterval(operation: string, values: Float64Array, level: number): Interval {
  const sorted = values.filter((value) => Number.isFinite(value)).sort();
  if (sorted.length < values.length / 2) {
    throw new HapsError(
      "data",
      `${operation}: ${values.length - sorted.length} of ${values.length} resamples hold no recorded outcome; expected less than half; record more questions`,
      { undefinedResamples: values.length - sorted.length, resamples: values.length },
    );
  }
  return { low: quantile(sorted, (1 - level) / 2), high: quantile(sorted, (1 + level) / 2) };
}

/** A number computed from the ratios of several sums. */
export interface Functional {
  readonly statistics: readonly RatioStatistic[];
  /** Gets the ratios, in order, in an array that is reused between calls; `NaN` where it is undefined. */
  value(ratios: Float64Array): number;
}

/**
 * Percentile intervals of several ratios of sums under one and the same sequence of resamples of groups.
 *
 * @returns One interval per statistic, in order; a constant statistic gets its value twice.
 */
export function bootstrapRatios(
  operation: string,
  statistics: readonly RatioStatistic[],
  groups: number,
  options: ResolvedBootstrapOptions,
): Interval[] {
  const samples = resampleFunctionals(
    operation,
    statistics.map((statistic) => ({ statistics: [statistic], value: ([ratio]) => ratio as number })),
    groups,
    options,
  );
  return samples.map((sample, index) => {
    const constant = statistics[index]?.constant;
    if (constant !== undefined) return { low: constant, high: constant };
    return percentileInterval(operation, sample, options.level);
  });
}

/** Percentile intervals of numbers that are computed anew, from the sums of the drawn groups, in every resample. */
export function bootstrapFunctionals(
  operation: string,
  functionals: readonly Functional[],
  groups: number,
  options: ResolvedBootstrapOptions,
): Interval[] {
  return resampleFunctionals(operation, functionals, groups, options).map((sample) =>
    percentileInterval(operation, sample, options.level),
  );
}

/** The value of the functional on all groups, each once. */
export function functionalValue(functional: Functional): number {
  return functional.value(Float64Array.from(functional.statistics, statisticValue));
}

/** `[functionals][resamples]`, the values under one and the same sequence of resamples of groups. */
export function resampleFunctionals(
  operation: string,
  functionals: readonly Functional[],
  groups: number,
  options: ResolvedBootstrapOptions,
): Float64Array[] {
  const columns = distinctColumns(
    functionals.flatMap(({ statistics }) =>
      statistics.flatMap(({ numerator, denominator }) => [numerator, denominator]),
    ),
  );
  const matrix = transpose(columns.distinct, groups);
  const sums = new Float64Array(columns.distinct.length);
  const ratios = functionals.map(({ statistics }) => new Float64Array(statistics.length));
  const samples = functionals.map(() => new Float64Array(options.resamples));
  forEachResample(operation, groups, options, (weights, number) => {
    weightedSums(weights, matrix, sums);
    let column = 0;
    functionals.forEach((functional, index) => {
      const own = ratios[index] as Float64Array;
      for (let place = 0; place < own.length; place += 1) {
        const numerator = sums[columns.indexOf[column] as number] as number;
        const denominator = sums[columns.indexOf[column + 1] as number] as number;
        own[place] = numerator / denominator;
        column += 2;
      }
      (samples[index] as Float64Array)[number] = functional.value(own);
    });
  });
  return samples;
}

/** `sums[c] = sum over groups of weights[g] * matrix[g, c]`, with `matrix` row-major `[groups, columns]`. */
export function weightedSums(weights: Float64Array, matrix: Float64Array, sums: Float64Array): void {
  const width = sums.length;
  sums.fill(0);
  for (let group = 0; group < weights.length; group += 1) {
    const weight = weights[group] as number;
    if (weight === 0) continue;
    const start = group * width;
    for (let column = 0; column < width; column += 1) {
      sums[column] = (sums[column] as number) + weight * (matrix[start + column] as number);
    }
  }
}

/** Columns of `[groups]` each as one row-major `[groups, columns]` array. */
export function transpose(columns: readonly Float64Array[], groups: number): Float64Array {
  const matrix = new Float64Array(groups * columns.length);
  columns.forEach((column, index) => {
    for (let group = 0; group < groups; group += 1) matrix[group * columns.length + index] = column[group] as number;
  });
  return matrix;
}

/** Most statistics share their denominator, the number of questions: summing it once halves the work. */
function distinctColumns(columns: readonly Float64Array[]): { distinct: Float64Array[]; indexOf: number[] } {
  const distinct: Float64Array[] = [];
  const indexOf = columns.map((column) => {
    const known = distinct.findIndex(
      (other) => other === column || other.every((value, group) => value === column[group]),
    );
    if (known >= 0) return known;
    distinct.push(column);
    return distinct.length - 1;
  });
  return { distinct, indexOf };
}
