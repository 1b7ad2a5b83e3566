import type { OutcomeTable } from "@haps/spec";
import { bestSingleArm, eligibleArms } from "./best-single-arm.ts";
import { upperHull } from "./upper-hull.ts";

/** One corner of a hull: an arm with its means on the rows the hull was fitted on. */
export interface HullVertex {
  /** Number of the arm in the table. */
  readonly arm: number;
  /** Mean cost over that of the best single arm; 1 for the last vertex. */
  readonly costRatio: number;
  readonly score: number;
}

/** Weights of the arms that are mixed at one budget; positive, sum to 1. */
export type ArmMixture = readonly { readonly arm: number; readonly weight: number }[];

/**
 * Upper concave hull of the single arms: what one can get at every budget by tossing a coin between two arms.
 *
 * From the cheapest arm to the best one, each vertex dearer and better than the one before, with falling slope. Only
 * arms that {@link bestSingleArm} would consider and whose cost is known take part.
 *
 * @param rows - The *training* rows of a fold.
 * @returns Ascending in cost; `null` when the cost of the best single arm is unknown or 0.
 * @throws HapsError code `data` when no cell of these rows was run.
 */
export function singleArmHull(table: OutcomeTable, rows: readonly number[]): HullVertex[] | null {
  const best = bestSingleArm(table, rows);
  if (!(best.cost > 0)) return null;
  const priced = eligibleArms(table, rows).filter(({ cost }) => !Number.isNaN(cost));
  const hull = upperHull(priced);
  return hull.map(({ arm, cost, score }) => ({ arm, costRatio: cost / best.cost, score }));
}

/**
 * The best mixture of arms whose mean cost on the rows of the fit is `budget` times that of the best single arm.
 *
 * @param budget - Below the first vertex the cheapest arm is used, above the last one the best.
 */
export function mixtureAt(hull: readonly HullVertex[], budget: number): ArmMixture {
  const above = hull.findIndex(({ costRatio }) => costRatio >= budget);
  const high = hull[above < 0 ? hull.length - 1 : above] as HullVertex;
  const low = hull[above - 1];
  if (above <= 0 || low === undefined || high.costRatio === budget) return [{ arm: high.arm, weight: 1 }];
  const weight = (budget - low.costRatio) / (high.costRatio - low.costRatio);
  return [
    { arm: low.arm, weight: 1 - weight },
    { arm: high.arm, weight },
  ];
}
