import type { OutcomeTable } from "@haps/spec";
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
 * A recorded cell without a known cost gets the mean of its arm. A question without any outcome has no recorded cell and
 * teaches nothing.
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
  const unknown: number[] = [];
  for (let cell = 0; cell < size; cell += 1) {
    const score = table.score[cell] as number;
    if (Number.isNaN(score)) continue;
    recorded[cell] = 1;
    quality[cell] = score;
    if (table.cost === undefined || costScale === null) continue;
    const amount = table.cost[cell] as number;
    if (Number.isFinite(amount)) cost[cell] = normaliseCost(costScale, amount);
    else unknown.push(cell);
  }
  const means = unknown.length === 0 || costScale === null ? [] : knownCostMeans(table, costScale);
  for (const cell of unknown) cost[cell] = means[cell % arms] as number;
  return { rows, arms, quality, cost, recorded };
}

/** Reward `quality - costWeight * cost` of one recorded cell, without shaping. */
export function rewardAt(table: RewardTable, cell: number, costWeight: number): number {
  return (table.quality[cell] as number) - costWeight * (table.cost[cell] as number);
}

/** Mean normalised cost of every arm over the cells where it is known; the mean over all arms where it never is. */
function knownCostMeans(table: OutcomeTable, costScale: CostScale): number[] {
  const arms = table.arms.length;
  const sums = new Float64Array(arms);
  const counts = new Float64Array(arms);
  table.score.forEach((score, cell) => {
    const amount = table.cost?.[cell] ?? Number.NaN;
    if (Number.isNaN(score) || !Number.isFinite(amount)) return;
    sums[cell % arms] = (sums[cell % arms] as number) + normaliseCost(costScale, amount);
    counts[cell % arms] = (counts[cell % arms] as number) + 1;
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  const overall = total === 0 ? 0 : sums.reduce((sum, value) => sum + value, 0) / total;
  return Array.from(sums, (sum, arm) => (counts[arm] === 0 ? overall : sum / (counts[arm] as number)));
}
