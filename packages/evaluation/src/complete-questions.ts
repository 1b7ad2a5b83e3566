import { HapsError, ShapeError } from "@haps/spec";
import { groupingOf, type RatioStatistic } from "./group-bootstrap.ts";
import { meanStatistic } from "./paired-bootstrap.ts";

/** Scores and costs of one method, question by question; averaged over seeds where there are several. */
export interface PricedOutcomes {
  /** `[questions]`, 0 to 1; `NaN` where the run failed. */
  readonly score: Float64Array;
  /** `[questions]`, 0 or more; `NaN` where unknown. */
  readonly cost: Float64Array;
}

/** Means over the questions for which everything is recorded. */
export interface CompleteMeans {
  /** Mean score and mean cost of each method in turn, as sums by cluster. */
  readonly statistics: readonly RatioStatistic[];
  /** Number of questions. */
  readonly questions: number;
  /** Number of clusters that hold one. */
  readonly groups: number;
}

/**
 * Keeps the questions for which every method has a score and a cost, so that all means are over the same ones.
 *
 * @throws ShapeError for lengths that differ; HapsError code `data` when no question is left.
 */
export function completeMeansByCluster(
  operation: string,
  methods: readonly PricedOutcomes[],
  clusters: readonly string[],
): CompleteMeans {
  const columns = methods.flatMap(({ score, cost }) => [score, cost]);
  const odd = columns.find(({ length }) => length !== clusters.length);
  if (odd !== undefined) throw new ShapeError(operation, "scores or costs", `[${clusters.length}]`, [odd.length]);
  const complete = clusters.map((_, question) => columns.every((column) => !Number.isNaN(column[question])));
  const kept = clusters.filter((_, question) => complete[question]);
  if (kept.length === 0) {
    throw new HapsError(
      "data",
      `${operation}: no question has a score and a cost of every method; expected at least one; leave out methods that were not run`,
      { questions: clusters.length },
    );
  }
  const { groupOf, count } = groupingOf(kept);
  const statistics = columns.map((column) =>
    meanStatistic(
      column.filter((_, question) => complete[question]),
      groupOf,
      count,
    ),
  );
  return { statistics, questions: kept.length, groups: count };
}
