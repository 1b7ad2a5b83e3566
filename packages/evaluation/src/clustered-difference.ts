import { HapsError } from "@haps/spec";
import type { Functional, Grouping, RatioStatistic } from "./group-bootstrap.ts";
import { statisticValue } from "./group-bootstrap.ts";
import { meanStatistic } from "./paired-bootstrap.ts";
import { FEWEST_TEXTS, recordedGroups } from "./recorded-groups.ts";

/** A mean of per-question differences with its clustered standard error, ready to be resampled. */
export interface ClusteredDifference {
  /** Mean over the recorded questions. */
  readonly difference: number;
  /** `sqrt(G / (G - 1) · Σ r_g²) / n` with `r_g` the sum over cluster `g` of the deviations from the mean. */
  readonly standardError: number;
  /** Clusters with a recorded question. */
  readonly clusters: number;
  /** `d* - d`, the deviation of a resampled mean. */
  readonly deviation: Functional;
  /** `(d* - d) / se*`; `NaN` where a resample holds no spread and no deviation. */
  readonly studentised: Functional;
}

/**
 * Sums differences up by cluster once, so that a resample costs a few additions per cluster.
 *
 * @param values - `[questions]`; `NaN` is left out.
 * @throws HapsError code `data` for fewer than 10 clusters with a recorded question.
 */
export function clusteredDifference(
  operation: string,
  name: string,
  values: Float64Array,
  { count, groupOf }: Grouping,
): ClusteredDifference {
  const mean = meanStatistic(values, groupOf, count);
  const clusters = recordedGroups(mean);
  if (clusters < FEWEST_TEXTS) {
    throw new HapsError(
      "data",
      `${operation}: comparison ${JSON.stringify(name)} has recorded pairs in ${clusters} clusters; expected at least ${FEWEST_TEXTS}; evaluate more questions, or show pairedBootstrap without a test`,
      { comparison: name, clusters },
    );
  }
  const difference = statisticValue(mean);
  const questions = mean.denominator;
  const rests =
    mean.constant === undefined
      ? mean.numerator.map((sum, group) => sum - difference * (questions[group] as number))
      : new Float64Array(count);
  const over = (numerator: Float64Array): RatioStatistic => ({ numerator, denominator: questions });
  const times = (a: Float64Array, b: Float64Array): Float64Array =>
    a.map((value, group) => value * (b[group] as number));
  const correction = clusters / (clusters - 1);
  const all = questions.reduce((sum, number) => sum + number, 0);
  const squares = rests.reduce((sum, rest) => sum + rest * rest, 0);
  return {
    difference,
    standardError: Math.sqrt(correction * squares) / all,
    clusters,
    deviation: { statistics: [over(rests)], value: ([deviation]) => deviation as number },
    studentised: {
      statistics: [
        over(rests),
        over(times(rests, rests)),
        over(times(rests, questions)),
        over(times(questions, questions)),
        { numerator: questions, denominator: new Float64Array(count).fill(1 / count) },
      ],
      // Deviations from the resampled mean are r - shift · n; their squares are expanded to be sums over clusters.
      value: (ratios) => {
        const [shift, restSquares, cross, sizeSquares, drawn] = ratios as unknown as readonly number[];
        const spread =
          (restSquares as number) -
          2 * (shift as number) * (cross as number) +
          (shift as number) ** 2 * (sizeSquares as number);
        return (shift as number) / Math.sqrt((correction * Math.max(0, spread)) / (drawn as number));
      },
    },
  };
}
