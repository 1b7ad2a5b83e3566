import { type Cells, HapsError } from "@haps/spec";
import { z } from "zod";

/** Schema of {@link CostScale}. */
export const costScaleSchema = z.strictObject({
  /** How it was fitted. */
  kind: z.enum(["minMax", "bestArm"]),
  /** Cost that maps to 0, in the table's unit. */
  offset: z.number(),
  /** Cost difference that maps to 1, in the table's unit; positive. */
  scale: z.number().positive(),
});

/** A linear cost normalisation fitted on training outcomes; plain JSON, stored with the router. */
export interface CostScale extends Readonly<z.output<typeof costScaleSchema>> {}

/** Training outcomes that a cost scale is fitted on; cells are row-major `[rows, arms]`, `NaN` where not run. */
export interface CostScaleTable {
  readonly cost: Cells;
  /** Needed by `bestArm` only. */
  readonly score?: Cells;
  /** Number of arms, the width of a row. */
  readonly arms: number;
}

/**
 * Fits a cost scale on training outcomes.
 *
 * `minMax`: the cheapest recorded cell is 0 and the dearest is 1. `bestArm`: costing nothing is 0 and the mean cost of
 * the arm with the best mean score is 1 (first of equals); where that arm is free, the dearest mean cost of an arm is 1. With
 * one price everywhere `minMax` maps it to 0.
 *
 * @throws HapsError code `shape` when the cells do not fill rows; code `data` when nothing was recorded, a cost is
 * negative, or no cost of the best arm is known.
 *
 * Source: `minMax` is §4.6 of the HAPS paper; `bestArm` is ours, since one dear outlier does not stretch it.
 *
 * @example
 * ```ts
 * const scale = fitCostScale({ cost: Float64Array.of(2, 4, 2, 6), arms: 2 }, "minMax");
 * console.assert(normaliseCost(scale, 4) === 0.5);
 * ```
 */
export function fitCostScale(table: CostScaleTable, kind: CostScale["kind"]): CostScale {
  const { cost, arms } = table;
  if (!Number.isInteger(arms) || arms < 1 || cost.length % arms !== 0) {
    throw new HapsError(
      "shape",
      `fitCostScale: ${cost.length} cost cells do not fill rows of ${arms} arms; pass row-major [rows, arms] cells`,
      { cells: cost.length, arms },
    );
  }
  const recorded = cost.filter((value) => !Number.isNaN(value));
  const worst = recorded.find((value) => value < 0 || !Number.isFinite(value));
  if (recorded.length === 0 || worst !== undefined) {
    const problem = worst === undefined ? "no cost is recorded" : `a cost is ${worst}`;
    throw new HapsError("data", `fitCostScale: ${problem}; expected finite costs >= 0; check the cost column`, {
      cells: cost.length,
      recorded: recorded.length,
      worst,
    });
  }
  return kind === "minMax" ? minMaxScale(recorded) : bestArmScale(table);
}

/** `(cost - offset) / scale`: 0 to 1 within the fitted range under `minMax`, beyond it outside; `NaN` stays `NaN`. */
export function normaliseCost(costScale: CostScale, cost: number): number {
  return (cost - costScale.offset) / costScale.scale;
}

function minMaxScale(recorded: Cells): CostScale {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const value of recorded) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return { kind: "minMax", offset: low, scale: high > low ? high - low : 1 };
}

function bestArmScale(table: CostScaleTable): CostScale {
  const { cost, score, arms } = table;
  if (score === undefined || score.length !== cost.length) {
    throw new HapsError(
      "shape",
      `fitCostScale: bestArm needs one score per cost; got ${score?.length ?? 0} scores for ${cost.length} costs; pass the score cells`,
      { scores: score?.length ?? 0, costs: cost.length },
    );
  }
  let best = -1;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let arm = 0; arm < arms; arm += 1) {
    const mean = armMean(score, arm, arms);
    if (mean > bestScore) [best, bestScore] = [arm, mean];
  }
  const own = best === -1 ? Number.NaN : armMean(cost, best, arms);
  if (own > 0) return { kind: "bestArm", offset: 0, scale: own };
  if (Number.isNaN(own)) {
    throw new HapsError(
      "data",
      `fitCostScale: no cost of the best arm (index ${best}) is known; expected some; record its costs, or leave all costs out`,
      { arm: best },
    );
  }
  const means = Array.from({ length: arms }, (_, arm) => armMean(cost, arm, arms)).filter((mean) => mean > 0);
  return { kind: "bestArm", offset: 0, scale: means.length === 0 ? 1 : Math.max(...means) };
}

/** Mean over the recorded cells of a column; `NaN` when there is none. */
function armMean(cells: Cells, arm: number, arms: number): number {
  let sum = 0;
  let count = 0;
  for (let cell = arm; cell < cells.length; cell += arms) {
    const value = cells[cell] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    count += 1;
  }
  return sum / count;
}
