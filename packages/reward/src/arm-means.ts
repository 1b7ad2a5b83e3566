import type { RewardTable } from "./reward-table.ts";

/** Mean quality and mean normalised cost of every arm over some rows; `NaN` for an arm that was run in none of them. */
export interface ArmMeans {
  readonly quality: Float64Array;
  readonly cost: Float64Array;
}

/**
 * Averages every arm over the rows in which it was run.
 *
 * @param rows - Default: all rows of the table.
 *
 * @example
 * ```ts
 * const table: RewardTable = {
 *   rows: 2,
 *   arms: 1,
 *   quality: Float32Array.of(1, 0),
 *   cost: Float32Array.of(0.5, 0),
 *   recorded: Float32Array.of(1, 1),
 * };
 * const { quality, cost } = armMeans(table);
 * console.assert(quality[0] === 0.5 && cost[0] === 0.25);
 * ```
 */
export function armMeans(table: RewardTable, rows?: readonly number[]): ArmMeans {
  const quality = new Float64Array(table.arms);
  const cost = new Float64Array(table.arms);
  const counts = new Float64Array(table.arms);
  const add = (row: number): void => {
    for (let arm = 0; arm < table.arms; arm += 1) {
      const cell = row * table.arms + arm;
      if (table.recorded[cell] === 0) continue;
      quality[arm] = (quality[arm] as number) + (table.quality[cell] as number);
      cost[arm] = (cost[arm] as number) + (table.cost[cell] as number);
      counts[arm] = (counts[arm] as number) + 1;
    }
  };
  if (rows === undefined) for (let row = 0; row < table.rows; row += 1) add(row);
  else for (const row of rows) add(row);
  const mean = (sum: number, arm: number): number => sum / (counts[arm] as number);
  return { quality: quality.map(mean), cost: cost.map(mean) };
}

/**
 * As {@link armMeans} over all rows, with `NaN` also for arms that were run in fewer than half as many rows as the most run
 * arm: a handful of lucky rows must not make an arm look best.
 */
export function trustedArmMeans(table: RewardTable): ArmMeans {
  const counts = new Float64Array(table.arms);
  for (let cell = 0; cell < table.recorded.length; cell += 1) {
    const arm = cell % table.arms;
    counts[arm] = (counts[arm] as number) + (table.recorded[cell] as number);
  }
  const most = counts.reduce((highest, count) => Math.max(highest, count), 0);
  const { quality, cost } = armMeans(table);
  const trusted = (value: number, arm: number): number => (2 * (counts[arm] as number) >= most ? value : Number.NaN);
  return { quality: quality.map(trusted), cost: cost.map(trusted) };
}

/** Mean reward `quality - costWeight * cost` of every arm; `NaN` where it was never run. */
export function rewardsAt(means: ArmMeans, costWeight: number): Float64Array {
  return means.quality.map((quality, arm) => quality - costWeight * (means.cost[arm] as number));
}
