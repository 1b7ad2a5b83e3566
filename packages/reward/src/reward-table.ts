import { HapsError, type OutcomeTable } from "@haps/spec";
import { type CostScale, normaliseCost } from "./cost-scale.ts";

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
 * Reads the terms of the reward out of a table of outcomes: score and normalised cost of every cell that was run.
 *
 * @param costScale - Fitted on training outcomes, see `fitCostScale`; `null` drops costs.
 * @returns Plain arrays `[rows, arms]`, independent of the table's.
 * @throws HapsError code `data` when a question has no recorded outcome at all, or a recorded cell lacks its cost.
 *
 * @example
 * ```ts
 * const arms = [singleRoleArm("small"), singleRoleArm("large")];
 * const table: OutcomeTable = {
 *   id: "mine",
 *   task: { id: "qa", description: "Answer.", roles: [{ id: "answerer", description: "Answers." }] },
 *   pool: { candidates: arms.map((arm) => ({ id: arm.answerer?.candidate ?? "", weights: "open", parameters: {} })) },
 *   rows: [{ question: { id: "1", text: "Why?" }, group: "1", labels: {} }],
 *   arms,
 *   score: Float64Array.of(0.5, Number.NaN),
 *   samples: Float64Array.of(1, 0),
 *   hash: "",
 *   warnings: [],
 * };
 * const { quality, recorded } = rewardTable(table, null);
 * console.assert(quality.join() === "0.5,0" && recorded.join() === "1,0");
 * ```
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

/** Reward `quality - costWeight * cost` of one recorded cell, without shaping. */
export function rewardAt(table: RewardTable, cell: number, costWeight: number): number {
  return (table.quality[cell] as number) - costWeight * (table.cost[cell] as number);
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
