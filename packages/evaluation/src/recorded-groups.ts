import type { Interval, RatioStatistic } from "./group-bootstrap.ts";

/** Fewest recorded texts for the interval of a difference: resampling fewer says too little about their spread. */
export const FEWEST_TEXTS = 10;

/** Number of groups with anything recorded of a statistic. */
export function recordedGroups({ denominator }: RatioStatistic): number {
  return denominator.filter((count) => count > 0).length;
}

/**
 * Widens the percentile interval of a mean of which some groups are not recorded, where resampling cannot see the
 * spread: few recorded groups, or all of one value.
 *
 * The interval then reaches `mean ± (high - low) · sqrt(ln(2 / (1 - level)) · Σ w² / 2)`, cut to the range, with `w` the
 * share of each group in the recorded questions.
 *
 * @param range - Smallest and largest possible value of one question.
 *
 * Source: W. Hoeffding, Probability Inequalities for Sums of Bounded Random Variables (1963), theorem 2.
 */
export function widenSparse(statistic: RatioStatistic, interval: Interval, range: Interval, level: number): Interval {
  const recorded = recordedGroups(statistic);
  const { numerator, denominator, constant } = statistic;
  if (recorded === denominator.length || (recorded >= FEWEST_TEXTS && constant === undefined)) return interval;
  const sum = (values: Float64Array): number => values.reduce((all, value) => all + value, 0);
  const questions = sum(denominator);
  const mean = constant ?? sum(numerator) / questions;
  const squares = sum(denominator.map((count) => (count / questions) ** 2));
  const reach = (range.high - range.low) * Math.sqrt((Math.log(2 / (1 - level)) * squares) / 2);
  return {
    low: Math.min(interval.low, Math.max(range.low, mean - reach)),
    high: Math.max(interval.high, Math.min(range.high, mean + reach)),
  };
}
