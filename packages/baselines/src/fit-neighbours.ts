import { columnMeans } from "./column-means.ts";
import { contrastError } from "./contrast-error.ts";
import type { Neighbours } from "./nearest-rows.ts";

/** How neighbours vote. */
export interface NeighbourVote {
  /** How many, >= 1. */
  readonly neighbours: number;
  /** Weight of the arm's overall mean, in units of the summed similarities; `Infinity` is the mean alone. */
  readonly shrinkage: number;
}

/** What neighbours vote on. */
export interface NeighbourTarget {
  /** `[rows, arms]`, `NaN` where not run. */
  readonly cells: Float64Array;
  readonly arms: number;
  /** `[arms]`, mean of each column. */
  readonly means: Float64Array;
}

/** The target of some cells. */
export function neighbourTarget(cells: Float64Array, arms: number): NeighbourTarget {
  return { cells, arms, means: columnMeans(cells, arms).means };
}

/**
 * `mean_a + Σ_i s_i (y_ia - mean_a) / (Σ_i s_i + shrinkage)` over the nearest neighbours in which arm a was run, with
 * `s_i = max(0, cosine)`.
 *
 * @returns `[arms]`; `NaN` for an arm that was never run.
 */
export function neighbourEstimate(target: NeighbourTarget, near: Neighbours, vote: NeighbourVote): Float64Array {
  const { cells, arms, means } = target;
  const sums = new Float64Array(arms);
  const weights = new Float64Array(arms).fill(vote.shrinkage);
  const count = Math.min(vote.neighbours, near.rows.length);
  for (let place = 0; place < count; place += 1) {
    const similarity = Math.max(0, near.similarities[place] as number);
    const start = (near.rows[place] as number) * arms;
    for (let arm = 0; arm < arms; arm += 1) {
      const value = cells[start + arm] as number;
      if (Number.isNaN(value)) continue;
      sums[arm] = (sums[arm] as number) + similarity * (value - (means[arm] as number));
      weights[arm] = (weights[arm] as number) + similarity;
    }
  }
  return means.map((mean, arm) => {
    const weight = weights[arm] as number;
    return weight > 0 && weight < Number.POSITIVE_INFINITY ? mean + (sums[arm] as number) / weight : mean;
  });
}

/**
 * The vote that predicts the differences between arms best when every row is left out in turn.
 *
 * @param near - Neighbours of each of `rows`, the row itself and its text group left out, as many as the largest vote asks.
 * @param votes - To choose from; the first of equals is taken.
 */
export function chooseVote(
  target: NeighbourTarget,
  rows: readonly number[],
  near: readonly Neighbours[],
  votes: readonly NeighbourVote[],
): NeighbourVote {
  const { cells, arms } = target;
  let best = votes[0] as NeighbourVote;
  let least = Number.POSITIVE_INFINITY;
  for (const vote of votes) {
    let error = 0;
    rows.forEach((row, place) => {
      const predicted = neighbourEstimate(target, near[place] as Neighbours, vote);
      error += contrastError(cells.subarray(row * arms, (row + 1) * arms), predicted);
    });
    if (error < least) [best, least] = [vote, error];
  }
  return best;
}
