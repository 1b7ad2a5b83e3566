import { ShapeError } from "@haps/spec";

/** Changes of a quality score before it is weighed: `identity`, or 0 becomes -1 as in the authors' code. */
export type Shaping = "identity" | "zeroIsMinusOne";

/** The terms of a reward. */
export interface RewardTerms {
  /** Score of the answer, 0 to 1; `NaN` where not run. */
  readonly quality: number;
  /** From `normaliseCost`; leave it out where no cost is known. */
  readonly normalisedCost?: number;
}

/** Weights of the terms. */
export interface RewardWeights {
  /** α, weight of quality, >= 0. */
  readonly qualityWeight: number;
  /** β, weight of normalised cost, >= 0. */
  readonly costWeight: number;
  readonly shaping: Shaping;
}

/**
 * Reward of one outcome.
 *
 * `R = α shaped(quality) - β normalisedCost`; the cost is not read when β is 0, so tables without costs work.
 *
 * @returns `NaN` when the outcome was not run, or when β > 0 and its cost is not known.
 *
 * Source: §4.6 of the HAPS paper; `zeroIsMinusOne` is the authors' code, which shapes F1 and knows no cost.
 *
 * @example
 * ```ts
 * const weights = { qualityWeight: 0.5, costWeight: 0.5, shaping: "identity" } as const;
 * console.assert(reward({ quality: 1, normalisedCost: 0.5 }, weights) === 0.25);
 * ```
 */
export function reward(terms: RewardTerms, weights: RewardWeights): number {
  const quality = weights.qualityWeight * shapeQuality(terms.quality, weights.shaping);
  if (weights.costWeight === 0) return quality;
  return quality - weights.costWeight * (terms.normalisedCost ?? Number.NaN);
}

/** A quality score as the objective sees it; `NaN` stays `NaN`. */
export function shapeQuality(quality: number, shaping: Shaping): number {
  return shaping === "zeroIsMinusOne" && quality === 0 ? -1 : quality;
}

/** Recorded outcomes of a batch of questions, row-major `[rows, arms]`. */
export interface RewardCells {
  /** Score, `NaN` where not run. */
  readonly quality: ArrayLike<number>;
  /** From `normaliseCost`. */
  readonly normalisedCost?: ArrayLike<number>;
  /** β of each row, `[rows]`. */
  readonly costWeights: ArrayLike<number>;
}

/**
 * Rewards of all cells of a batch by {@link reward}, each row with its own cost weight.
 *
 * @returns Float32 `[rows, arms]` row-major, `NaN` where an outcome or its needed cost is missing.
 * @throws ShapeError code `shape` when the cells do not fill one row per cost weight.
 *
 * @example
 * ```ts
 * const cells = { quality: [1, 0.5], normalisedCost: [1, 0], costWeights: [0.75] };
 * const rewards = rewardCells(cells, { qualityWeight: 1, shaping: "identity" });
 * console.assert(rewards.join() === "0.25,0.5");
 * ```
 */
export function rewardCells(
  cells: RewardCells,
  weights: Pick<RewardWeights, "qualityWeight" | "shaping">,
): Float32Array {
  const { quality, normalisedCost, costWeights } = cells;
  const { qualityWeight, shaping } = weights;
  const rows = costWeights.length;
  const arms = rows === 0 ? 0 : quality.length / rows;
  if (!Number.isInteger(arms) || arms * rows !== quality.length) {
    throw new ShapeError("rewardCells", "quality", `[${rows} rows * arms]`, [quality.length]);
  }
  if (normalisedCost !== undefined && normalisedCost.length !== quality.length) {
    throw new ShapeError("rewardCells", "normalisedCost", `[${quality.length}]`, [normalisedCost.length]);
  }
  const rewards = new Float32Array(quality.length);
  for (let cell = 0; cell < quality.length; cell += 1) {
    const gained = qualityWeight * shapeQuality(quality[cell] as number, shaping);
    const costWeight = costWeights[Math.floor(cell / arms)] as number;
    rewards[cell] = costWeight === 0 ? gained : gained - costWeight * (normalisedCost?.[cell] ?? Number.NaN);
  }
  return rewards;
}
