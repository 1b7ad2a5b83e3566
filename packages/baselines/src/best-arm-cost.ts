import { type Cells, HapsError, type OutcomeTable } from "@haps/spec";
import { columnMeans } from "./column-means.ts";

/**
 * Mean cost of the arm with the best mean score, the unit of normalised cost: costing nothing is 0, this arm is 1.
 *
 * The first of equally good arms counts. Where it is free, the unit is the dearest mean cost of an arm, or 1 without any.
 *
 * @throws HapsError code `data` when a cost is negative or infinite, or no cost of that arm is known.
 */
export function bestArmCost(table: OutcomeTable, cost: Cells): number {
  const worst = cost.find((amount) => amount < 0 || amount === Number.POSITIVE_INFINITY);
  const score = columnMeans(table.score, table.arms.length).means;
  let best = -1;
  score.forEach((mean, arm) => {
    if (!Number.isNaN(mean) && (best < 0 || mean > (score[best] as number))) best = arm;
  });
  if (worst !== undefined) {
    throw new HapsError(
      "data",
      `createRouter: in table ${table.id} a cost is ${worst}; expected finite costs >= 0; check the cost column or leave it out`,
      { table: table.id, worst },
    );
  }
  const means = columnMeans(cost, table.arms.length).means;
  const own = means[best] ?? Number.NaN;
  if (own > 0) return own;
  if (Number.isNaN(own)) {
    throw new HapsError(
      "data",
      `createRouter: in table ${table.id} no cost of the best arm (index ${best}) is known; expected some; record its costs, or leave all costs out`,
      { table: table.id, arm: best },
    );
  }
  const positive = Array.from(means).filter((mean) => mean > 0);
  return positive.length === 0 ? 1 : Math.max(...positive);
}
