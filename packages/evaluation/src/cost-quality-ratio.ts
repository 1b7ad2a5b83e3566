import { HapsError, parseConfig } from "@haps/spec";
import { z } from "zod";
import { type BootstrapOptions, bootstrapOptionsSchema, resolveBootstrapOptions } from "./bootstrap-options.ts";
import { completeMeansByCluster, type PricedOutcomes } from "./complete-questions.ts";
import { bootstrapRatios, type Interval, type RatioStatistic, statisticValue } from "./group-bootstrap.ts";

/** Schema of {@link CostQualityOptions}. */
export const costQualityOptionsSchema = bootstrapOptionsSchema.extend({
  /** Share of the reference's score that has to be kept. Default 0.95. */
  atLeastQuality: z.number().gt(0).default(0.95),
  /** Share of the reference's cost that may be spent. Default 0.5. */
  atMostCost: z.number().gt(0).default(0.5),
});

/** How to resample, and what was claimed. */
export interface CostQualityOptions extends BootstrapOptions {
  /** Share of the reference's score that has to be kept. Default 0.95. */
  readonly atLeastQuality?: number;
  /** Share of the reference's cost that may be spent. Default 0.5. */
  readonly atMostCost?: number;
}

/** What {@link costQualityRatio} reads. */
export interface CostQualityRatioInput {
  readonly method: PricedOutcomes;
  readonly reference: PricedOutcomes;
  /** `[questions]`, what is drawn together. */
  readonly clusters: readonly string[];
  readonly options?: CostQualityOptions;
}

/** A ratio of two means with its interval. */
export interface RatioInterval extends Interval {
  readonly ratio: number;
}

/** Score and cost of a method as shares of those of a reference. */
export interface CostQualityRatio {
  readonly quality: RatioInterval;
  readonly cost: RatioInterval;
  /** Whether both ratios themselves keep to what was claimed. */
  readonly met: boolean;
  /** Whether both intervals do, as a whole. */
  readonly metWithIntervals: boolean;
  /** Questions recorded for both. */
  readonly questions: number;
  /** Questions left out because something was not recorded. */
  readonly missing: number;
}

/**
 * How much of a reference's score a method keeps at what share of its cost, e.g. cost-first beside quality-first.
 *
 * `quality = mean score / mean score of the reference`, the same for cost; means are over the questions recorded for both.
 * The claim needs both sides, so no correction is due when each is judged by its own interval (intersection-union test).
 *
 * @throws ShapeError for lengths that differ; HapsError code `config` for options out of range, `data` for fewer than two
 *   recorded clusters or a reference without any score or cost.
 *
 * Source: R. Berger, Multiparameter Hypothesis Testing and Acceptance Sampling (1982); percentile intervals of
 * B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), sections 8.3 and 13.3.
 *
 * @example
 * ```ts
 * const flat = (value: number): Float64Array => new Float64Array(4).fill(value);
 * const { quality, cost, met } = costQualityRatio({
 *   method: { score: flat(0.48), cost: flat(1) },
 *   reference: { score: flat(0.5), cost: flat(4) },
 *   clusters: ["a", "b", "c", "d"],
 * });
 * console.assert(met && quality.ratio === 0.96 && cost.ratio === 0.25);
 * ```
 */
export function costQualityRatio(input: CostQualityRatioInput): CostQualityRatio {
  const operation = "costQualityRatio";
  const { method, reference, clusters } = input;
  const { atLeastQuality, atMostCost, ...bootstrap } = parseConfig(
    operation,
    costQualityOptionsSchema,
    input.options ?? {},
  );
  const { statistics, questions, groups } = completeMeansByCluster(operation, [method, reference], clusters);
  const [score, cost, referenceScore, referenceCost] = statistics as [
    RatioStatistic,
    RatioStatistic,
    RatioStatistic,
    RatioStatistic,
  ];
  const ratios = [ratioOf(operation, "score", score, referenceScore), ratioOf(operation, "cost", cost, referenceCost)];
  const options = resolveBootstrapOptions(operation, bootstrap);
  const intervals = bootstrapRatios(operation, ratios, groups, options);
  const [quality, spent] = ratios.map((ratio, index) => ({
    ratio: statisticValue(ratio),
    ...(intervals[index] as Interval),
  })) as [RatioInterval, RatioInterval];
  return {
    quality,
    cost: spent,
    met: quality.ratio >= atLeastQuality && spent.ratio <= atMostCost,
    metWithIntervals: quality.low >= atLeastQuality && spent.high <= atMostCost,
    questions,
    missing: clusters.length - questions,
  };
}

/** The ratio of two means over the same questions: their counts cancel. */
function ratioOf(operation: string, what: string, own: RatioStatistic, reference: RatioStatistic): RatioStatistic {
  if (reference.numerator.every((value) => value === 0)) {
    throw new HapsError(
      "data",
      `${operation}: every recorded ${what} of the reference is 0; expected a sum above 0; choose another reference`,
      { what },
    );
  }
  const constant =
    own.constant === undefined || reference.constant === undefined ? undefined : own.constant / reference.constant;
  return {
    numerator: own.numerator,
    denominator: reference.numerator,
    ...(constant === undefined ? {} : { constant }),
  };
}
