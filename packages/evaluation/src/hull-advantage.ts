import { ShapeError } from "@haps/spec";
import { type BootstrapOptions, resolveBootstrapOptions } from "./bootstrap-options.ts";
import { completeMeansByCluster, type PricedOutcomes } from "./complete-questions.ts";
import {
  bootstrapFunctionals,
  type Functional,
  functionalValue,
  type Interval,
  statisticValue,
} from "./group-bootstrap.ts";
import { scoreAt } from "./polyline.ts";
import { mixtureAt } from "./single-arm-hull.ts";
import { type CostScore, upperHull } from "./upper-hull.ts";

/** What {@link hullAdvantage} reads. */
export interface HullAdvantageInput {
  readonly point: PricedOutcomes;
  /** Static assignments: each gives every question to the same roles. */
  readonly statics: readonly (PricedOutcomes & { readonly id: string })[];
  /** `[questions]`, what is drawn together. */
  readonly clusters: readonly string[];
  readonly options?: BootstrapOptions;
}

/** Where a method stands against the static assignments and coin tosses between them. */
export interface HullAdvantage extends Interval {
  /** Score of the point minus `hullScore`. */
  readonly advantage: number;
  /** Mean score and cost of the point. */
  readonly point: CostScore;
  /** Score of the hull at the cost of the point. */
  readonly hullScore: number;
  /** Corners of the hull, ascending in cost. */
  readonly hull: readonly (CostScore & { readonly id: string })[];
  /** The static assignments that the point is held against; weights sum to 1. */
  readonly mixture: readonly { readonly id: string; readonly weight: number }[];
  /** Questions recorded for the point and for every static assignment. */
  readonly questions: number;
  /** Questions left out because something was not recorded. */
  readonly missing: number;
  /** Clusters with a recorded question. */
  readonly clusters: number;
}

/**
 * How far a method lies above the upper hull of the static assignments at its own cost, with an interval over clusters.
 *
 * `advantage = score - hull(cost)`, where `hull` joins the best static assignments and mixtures of two of them. In each
 * resample the point, every static assignment and their hull are computed anew.
 *
 * The hull is chosen on the very questions it is judged on. That hindsight favours the hull, in the sample and once more in
 * every resample, so the interval errs on the careful side for the method. Below the cheapest static assignment the point is held against that
 * one, above the best against that one.
 *
 * @returns Plain JSON over the questions for which everything is recorded.
 * @throws ShapeError for lengths that differ or no static assignment; HapsError code `data` for fewer than two recorded clusters.
 *
 * Source: B. Efron and R. Tibshirani, An Introduction to the Bootstrap (1993), sections 8.3 and 13.3.
 *
 * @example
 * ```ts
 * const flat = (value: number): Float64Array => new Float64Array(4).fill(value);
 * const { advantage, mixture } = hullAdvantage({
 *   point: { score: flat(0.75), cost: flat(2) },
 *   statics: [
 *     { id: "small", score: flat(0.25), cost: flat(1) },
 *     { id: "large", score: flat(0.75), cost: flat(3) },
 *   ],
 *   clusters: ["a", "b", "c", "d"],
 * });
 * console.assert(advantage === 0.25 && mixture.length === 2);
 * ```
 */
export function hullAdvantage(input: HullAdvantageInput): HullAdvantage {
  const operation = "hullAdvantage";
  const { point, statics, clusters } = input;
  const options = resolveBootstrapOptions(operation, input.options);
  if (statics.length === 0) throw new ShapeError(operation, "statics", "at least one static assignment", [0]);
  const { statistics, questions, groups } = completeMeansByCluster(operation, [point, ...statics], clusters);
  const functional: Functional = {
    statistics,
    value: (means) => {
      const [own, ...others] = pointsOf(means) as [CostScore, ...CostScore[]];
      return own.score - hullAt(upperHull(others), own.cost);
    },
  };
  const [own, ...others] = pointsOf(Float64Array.from(statistics, statisticValue)) as [CostScore, ...CostScore[]];
  const [interval] = bootstrapFunctionals(operation, [functional], groups, options);
  const hull = upperHull(others.map((one, index) => ({ id: statics[index]?.id as string, ...one })));
  return {
    advantage: functionalValue(functional),
    ...(interval as Interval),
    point: own,
    hullScore: hullAt(hull, own.cost),
    hull,
    mixture: mixtureOf(hull, own.cost),
    questions,
    missing: clusters.length - questions,
    clusters: groups,
  };
}

/** Means stand as score and cost of each in turn. */
function pointsOf(means: Float64Array): CostScore[] {
  return Array.from({ length: means.length / 2 }, (_, index) => ({
    score: means[2 * index] as number,
    cost: means[2 * index + 1] as number,
  }));
}

/** The score of the hull at a cost; outside its corners that of the nearest one. */
function hullAt(hull: readonly CostScore[], cost: number): number {
  return scoreAt(
    {
      cost: Float64Array.from(hull, (corner) => corner.cost),
      score: Float64Array.from(hull, (corner) => corner.score),
    },
    cost,
  );
}

function mixtureOf(hull: HullAdvantage["hull"], cost: number): HullAdvantage["mixture"] {
  const corners = hull.map((corner, arm) => ({ arm, costRatio: corner.cost, score: corner.score }));
  return mixtureAt(corners, cost).map(({ arm, weight }) => ({ id: hull[arm]?.id as string, weight }));
}
