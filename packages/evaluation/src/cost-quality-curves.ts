import { armLabel, HapsError } from "@haps/spec";
import { summariseArms } from "./best-single-arm.ts";
import { type BootstrapOptions, resolveBootstrapOptions } from "./bootstrap-options.ts";
import { completeMeans, type PointMeans } from "./complete-means.ts";
import {
  bootstrapFunctionals,
  type Functional,
  functionalValue,
  type Grouping,
  groupingOf,
  type Interval,
} from "./group-bootstrap.ts";
import { hullKnots } from "./hull-knots.ts";
import { indexRecords, type RecordsInput } from "./index-records.ts";
import { type CostRange, hullReaches, meanHeight } from "./mean-height.ts";
import type { Outcomes } from "./outcomes.ts";
import { meanStatistic, type PairedDifference } from "./paired-bootstrap.ts";
import { type Polyline, polylineThrough } from "./polyline.ts";
import { recordedMean } from "./recorded-mean.ts";

/** What one pays and gets. */
export interface CostQualityPoint {
  /** Mean cost of one question in the table's unit. */
  readonly cost: number;
  /** Cost over that of the best single arm of the training part of each fold, on the same questions. */
  readonly costRatio: number;
  /** Mean score, 0 to 1. */
  readonly score: number;
}

/** One method asked at one cost weight. */
export interface CurvePoint extends CostQualityPoint {
  readonly costWeight: number;
}

/** One method asked at several cost weights. */
export interface MethodCurve {
  readonly name: string;
  /** Ascending in cost. Empty when no question has everything recorded that is compared. */
  readonly points: readonly CurvePoint[];
  /**
   * Mean height above the hull over the range of cost ratios, with its 95% interval; `null` without points, or when
   * no single arm is cheap enough for the range.
   */
  readonly areaAboveHull: PairedDifference | null;
}

/** Cost against quality of all methods of an evaluation. */
export interface CostQualityCurves {
  /** Unit of every cost. */
  readonly unit: string;
  /** Mean cost of the best single arm of the training part of each fold, on the test parts. */
  readonly bestSingleCost: number;
  /** Arms by their means over the whole table; arms without costs are left out. */
  readonly singleArms: readonly { readonly label: string; readonly cost: number; readonly score: number }[];
  /** Mixtures of single arms chosen on the training parts, as they come out on the test parts; ascending in cost. */
  readonly hull: readonly CostQualityPoint[];
  /** Routed methods in the order asked for. */
  readonly methods: readonly MethodCurve[];
}

/** What {@link costQualityCurves} reads. */
export interface CurvesInput extends RecordsInput {
  /** Cost ratios to average the height over. Default 0.05 to 0.5. */
  readonly range?: CostRange;
  readonly bootstrap?: BootstrapOptions;
}

/**
 * Cost-quality curves of all routed methods, and how high they lie above mixtures of single arms.
 *
 * In every fold the *training* part decides which arm or mixture of two arms is used at each budget (the upper concave
 * hull of the single arms); the *test* part measures what that gives. A method's points are joined by straight lines
 * in the order of their measured costs. `areaAboveHull` is the mean height between both:
 *
 * `1 / (to - from) * integral from..to of (curve(c) - hull(c)) dc`, `c` = cost over that of the best single arm
 *
 * Above its dearest point a curve stays level. Below its cheapest point it is mixed with the cheapest single arm and
 * only losses count. Where no single arm is that cheap the height is 0.
 *
 * The interval averages over seeds per question, then resamples distinct texts; costs, hull and curve are computed
 * anew in every resample, while the fits of routers and hulls stay. Only questions on which the hull's arms and all
 * choices of the method were run take part.
 *
 * @returns Plain JSON, the same for records in any order; `null` without costs, and when no method was asked at more
 *   than one cost weight.
 * @throws HapsError code `data` or `config` as `collectOutcomes`; `data` for fewer than two distinct texts; `config` for
 *   an empty range.
 */
export function costQualityCurves(input: CurvesInput): CostQualityCurves | null {
  const { table, seeds, range = { from: 0.05, to: 0.5 } } = input;
  assertRange(range);
  const index = indexRecords("costQualityCurves", input);
  const options = resolveBootstrapOptions("costQualityCurves", input.bootstrap);
  if (!index.methods.some((method) => index.costWeightsOf(method).length > 1)) return null;
  const knots = table.cost === undefined ? null : hullKnots(table, seeds, index.order);
  if (knots === null) return null;
  const grouping = groupingOf(index.order.map((row) => table.rows[row]?.group as string));
  const hull = comparisonOf(knots, [], grouping);
  if (hull === null) return null;
  const compared = index.methods.map((method) => {
    const costWeights = index.costWeightsOf(method);
    const points = costWeights.map((costWeight) => index.outcomesAt(method, costWeight).perSeed);
    const comparison = comparisonOf(knots, points, grouping);
    const reaches = comparison !== null && points.length > 0 && hullReaches(comparison.hull, range);
    const functional = reaches ? heightFunctional(comparison, range) : null;
    return { method, costWeights, comparison, functional };
  });
  const functionals = compared.flatMap(({ functional }) => functional ?? []);
  const intervals = bootstrapFunctionals("costQualityCurves", functionals, grouping.count, options);
  return {
    unit: table.costUnit ?? "unknown unit",
    bestSingleCost: hull.bestSingleCost,
    singleArms: summariseArms(table, index.order).flatMap(({ arm, score, cost }) => {
      const known = table.arms[arm];
      return known === undefined || Number.isNaN(cost) ? [] : [{ label: armLabel(known), cost, score }];
    }),
    hull: Array.from(hull.hull.cost, (costRatio, corner) => ({
      cost: costRatio * hull.bestSingleCost,
      costRatio,
      score: hull.hull.score[corner] as number,
    })),
    methods: compared.map(({ method, costWeights, comparison, functional }) => ({
      name: method,
      points: comparison === null ? [] : curvePoints(comparison, costWeights),
      areaAboveHull:
        functional === null
          ? null
          : {
              difference: functionalValue(functional),
              ...(intervals[functionals.indexOf(functional)] as Interval),
            },
    })),
  };
}

function assertRange({ from, to }: CostRange): void {
  if (from >= 0 && from < to && Number.isFinite(to)) return;
  throw new HapsError(
    "config",
    `costQualityCurves: range is ${from} to ${to}; expected finite cost ratios with 0 <= from < to; such as 0.05 to 0.5`,
    { from, to },
  );
}

/** A curve and the hull on the questions where both are recorded. */
interface Comparison {
  readonly knots: readonly PointMeans[];
  readonly points: readonly PointMeans[];
  readonly hull: Polyline;
  readonly bestSingleCost: number;
  readonly grouping: Grouping;
}

/** `null` when no question has everything recorded. */
function comparisonOf(
  knots: readonly (readonly Outcomes[])[],
  points: readonly (readonly Outcomes[])[],
  grouping: Grouping,
): Comparison | null {
  const means = completeMeans([...knots, ...points]);
  const knotMeans = means.slice(0, knots.length);
  const corners = Float64Array.from(knotMeans.flatMap(({ cost, score }) => [recordedMean(cost), recordedMean(score)]));
  const bestSingleCost = corners.at(-2) ?? Number.NaN;
  if (!(bestSingleCost > 0)) return null;
  const hull = polylineThrough(corners, bestSingleCost);
  return { knots: knotMeans, points: means.slice(knots.length), hull, bestSingleCost, grouping };
}

function curvePoints({ points, bestSingleCost }: Comparison, costWeights: readonly number[]): CurvePoint[] {
  const curve = points.map((point, index): CurvePoint => {
    const cost = recordedMean(point.cost);
    const costRatio = cost / bestSingleCost;
    return { costWeight: costWeights[index] as number, cost, costRatio, score: recordedMean(point.score) };
  });
  return curve.sort((a, b) => a.cost - b.cost || b.costWeight - a.costWeight);
}

function heightFunctional({ knots, points, grouping }: Comparison, range: CostRange): Functional {
  const columns = [...knots, ...points].flatMap(({ cost, score }) => [cost, score]);
  const border = 2 * knots.length;
  const bestSingle = border - 2;
  return {
    statistics: columns.map((values) => meanStatistic(values, grouping.groupOf, grouping.count)),
    value: (ratios) => {
      const bestSingleCost = ratios[bestSingle] as number;
      if (!(bestSingleCost > 0)) return Number.NaN;
      const curve = polylineThrough(ratios.subarray(border), bestSingleCost);
      const hull = polylineThrough(ratios.subarray(0, border), bestSingleCost);
      const height = meanHeight(curve, hull, range);
      // A curve that lies on the hull must not gain by rounding.
      return Math.abs(height) < 1e-12 ? 0 : height;
    },
  };
}
