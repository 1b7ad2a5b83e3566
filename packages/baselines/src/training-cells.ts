import { type Cells, HapsError, type OutcomeTable } from "@haps/spec";
import { bestArmCost } from "./best-arm-cost.ts";

/** What baselines learn from: quality and normalised cost, row-major `[rows, arms]`, `NaN` where not run. */
export interface TrainingCells {
  readonly rows: number;
  readonly arms: number;
  readonly quality: Cells;
  /** Cost over the mean cost of the best arm; `NaN` also where unknown. `null` for tables without costs. */
  readonly cost: Cells | null;
}

/**
 * Reads a training table. Cells that were not run stay `NaN` and are left out everywhere, never counted as 0.
 *
 * @throws HapsError code `data` when nothing was run, or when costs are recorded but the best arm's mean cost is not
 *   positive.
 */
export function trainingCells(table: OutcomeTable): TrainingCells {
  const { score, cost } = table;
  if (score.every(Number.isNaN)) {
    throw new HapsError(
      "data",
      `createRouter: table ${table.id} has no recorded outcome in ${table.rows.length} rows; expected at least one; record outcomes first`,
      { table: table.id, rows: table.rows.length },
    );
  }
  const shape = { rows: table.rows.length, arms: table.arms.length, quality: score };
  if (cost === undefined || cost.every(Number.isNaN)) return { ...shape, cost: null };
  const unit = bestArmCost(table, cost);
  return {
    ...shape,
    cost: cost.map((amount, cell) => (Number.isNaN(score[cell]) ? Number.NaN : amount / unit)),
  };
}
