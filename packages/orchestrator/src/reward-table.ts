import { type CostScale, normaliseCost } from "@haps/reward";
import { HapsError, type OutcomeTable } from "@haps/spec";

/** Quality and normalised cost of every recorded cell, row-major `[rows, arms]`. */
export interface RewardTable {
  readonly rows: number;
  readonly arms: number;
  /** 0 where not recorded; read `recorded` first. */
  readonly quality: Float32Array;
  /** Normalised cost; 0 where not recorded or where there is no cost scale. */
  readonly cost: Float32Array;
  /** 1 where the cell was run, else 0. */
  readonly recorded: Float32Array;
}

/**
 * Reads rewards out of a table of outcomes.
 *
 * @param costScale - Fitted on training outcomes; see `fitCostScale` of `@haps/reward`. `null` drops costs.
 * @throws HapsError code `data` when a question has no recorded outcome at all, or a recorded cell lacks its cost.
 */
export function rewardTable(table: OutcomeTable, costScale: CostScale | null): RewardTable {
  const rows = table.rows.length;
  const arms = table.arms.length;
  const size = rows * arms;
  const quality = new Float32Array(size);
  const cost = new Float32Array(size);
  const recorded = new Float32Array(size);
  for (let row = 0; row < rows; row += 1) {
    let seen = 0;
    for (let arm = 0; arm < arms; arm += 1) {
      const cell = row * arms + arm;
      const score = table.score[cell] as number;
      if (Number.isNaN(score)) continue;
      seen += 1;
      recorded[cell] = 1;
      quality[cell] = score;
      if (table.cost === undefined || costScale === null) continue;
      const amount = table.cost[cell] as number;
      if (!Number.isFinite(amount)) throw missingCost(table, row, arm, amount);
      cost[cell] = normaliseCost(costScale, amount);
    }
    if (seen === 0) throw nothingRecorded(table, row);
  }
  return { rows, arms, quality, cost, recorded };
}

/** Mean reward `quality - costWeight * cost` of every arm over the rows in which it was run; `NaN` for an arm never run. */
export function meanRewards(table: RewardTable, costWeight: number, rows?: readonly number[]): Float64Array {
  const sums = new Float64Array(table.arms);
  const counts = new Float64Array(table.arms);
  const visit = (row: number): void => {
    for (let arm = 0; arm < table.arms; arm += 1) {
      const cell = row * table.arms + arm;
      if (table.recorded[cell] === 0) continue;
      sums[arm] = (sums[arm] as number) + rewardAt(table, cell, costWeight);
      counts[arm] = (counts[arm] as number) + 1;
    }
  };
  if (rows === undefined) for (let row = 0; row < table.rows; row += 1) visit(row);
  else for (const row of rows) visit(row);
  return sums.map((sum, arm) => sum / (counts[arm] as number));
}

/** Reward of one recorded cell. */
export function rewardAt(table: RewardTable, cell: number, costWeight: number): number {
  return (table.quality[cell] as number) - costWeight * (table.cost[cell] as number);
}

/** Index of the largest value; `NaN` never wins, the first of equals does; -1 when there is none. */
export function indexOfBest(values: ArrayLike<number>, allowed?: readonly boolean[]): number {
  let best = -1;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (Number.isNaN(value) || allowed?.[index] === false) continue;
    if (best === -1 || value > (values[best] as number)) best = index;
  }
  return best;
}

function missingCost(table: OutcomeTable, row: number, arm: number, amount: number): HapsError {
  const question = table.rows[row]?.question.id;
  return new HapsError(
    "data",
    `rewardTable: table ${table.id} records a score without a cost for question ${question}, arm ${arm}; got ${amount}; give costs for all recorded cells or for none`,
    { table: table.id, question, arm },
  );
}

function nothingRecorded(table: OutcomeTable, row: number): HapsError {
  const question = table.rows[row]?.question.id;
  return new HapsError(
    "data",
    `rewardTable: question ${question} of table ${table.id} has no recorded outcome; drop the question or run at least one arm`,
    { table: table.id, question },
  );
}
