import { type Cells, HapsError, type OutcomeTable } from "@haps/spec";
import { columnMeans } from "./column-means.ts";

/**
 * Mean cost of the arm with the best mean score, the unit of normalised cost: costing nothing is 0, this arm is 1.
 *
 * The first of equally good arms counts.
 *
 * @throws HapsError code `data` when a cost is negative or infinite, or the mean is not positive.
 */
export function bestArmCost(table: OutcomeTable, cost: Cells): number {
  const worst = cost.find((amount) => amount < 0 || amount === Number.POSITIVE_INFINITY);
  const score = columnMeans(table.score, table.arms.length).means;
  let best = -1;
  score.forEach((mean, arm) => {
    if (!Number.isNaN(mean) && (best < 0 || mean > (score[best] as number))) best = arm;
  });
  const unit = columnMeans(cost, table.arms.length).means[best] ?? Number.NaN;
  if (worst === undefined && unit > 0) return unit;
  const problem =
    worst === undefined ? `the mean cost of its best arm (index ${best}) is ${unit}` : `a cost is ${worst}`;
  throw new HapsError(
    "data",
    `createRouter: in table ${table.id} ${problem}; expected finite costs >= 0 and a positive one for the best arm; check the cost column or leave it out`,
    { table: table.id, arm: best, meanCost: unit, worst },
  );
}
