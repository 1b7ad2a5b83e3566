import { HapsError, type OutcomeTable } from "@haps/spec";
import { questionOrder } from "./question-order.ts";

/** What one arm did on some rows. */
export interface ArmSummary {
  /** Number of the arm in the table. */
  readonly arm: number;
  /** Mean score over the rows where it was run; `NaN` when it was run in none. */
  readonly score: number;
  /** Mean cost over the rows where it was run and its cost is known; `NaN` when there is none. */
  readonly cost: number;
  /** Number of rows where it was run. */
  readonly recorded: number;
}

/**
 * Mean score and cost of every arm on some rows; cells that were not run are left out, not counted as 0.
 *
 * @param rows - Row numbers; summed in the order of the question ids.
 */
export function summariseArms(table: OutcomeTable, rows: readonly number[]): ArmSummary[] {
  const order = questionOrder("summariseArms", table, rows);
  const width = table.arms.length;
  return table.arms.map((_, arm) => {
    let score = 0;
    let recorded = 0;
    let cost = 0;
    let costs = 0;
    for (const row of order) {
      const cell = row * width + arm;
      const value = table.score[cell] as number;
      if (Number.isNaN(value)) continue;
      score += value;
      recorded += 1;
      const price = table.cost?.[cell] ?? Number.NaN;
      if (Number.isNaN(price)) continue;
      cost += price;
      costs += 1;
    }
    return {
      arm,
      score: recorded === 0 ? Number.NaN : score / recorded,
      cost: costs === 0 ? Number.NaN : cost / costs,
      recorded,
    };
  });
}

/**
 * The arm with the best mean score on some rows: what one would use without a router.
 *
 * Only arms that were run in at least half as many rows as the most run arm take part, so that an arm with a handful of
 * lucky rows does not win. Ties go to the cheaper arm, then to the first.
 *
 * @param rows - The *training* rows; choosing on test rows would be choosing with hindsight.
 * @returns Its number in the table and its means.
 * @throws HapsError code `data` when no cell of these rows was run.
 */
export function bestSingleArm(table: OutcomeTable, rows: readonly number[]): ArmSummary {
  const eligible = eligibleArms(table, rows);
  return pickArm("bestSingleArm", eligible, (a, b) => a.score > b.score || (a.score === b.score && a.cost < b.cost));
}

/**
 * The arm with the lowest mean cost on some rows, among the arms that {@link bestSingleArm} would consider.
 *
 * Ties go to the better arm, then to the first.
 *
 * @throws HapsError code `data` when no cost is recorded in these rows.
 */
export function cheapestArm(table: OutcomeTable, rows: readonly number[]): ArmSummary {
  const priced = eligibleArms(table, rows).filter((summary) => !Number.isNaN(summary.cost));
  return pickArm("cheapestArm", priced, (a, b) => a.cost < b.cost || (a.cost === b.cost && a.score > b.score));
}

/** Arms that were run in at least half as many rows as the most run arm. */
export function eligibleArms(table: OutcomeTable, rows: readonly number[]): ArmSummary[] {
  const summaries = summariseArms(table, rows);
  const most = Math.max(0, ...summaries.map((summary) => summary.recorded));
  return summaries.filter((summary) => summary.recorded > 0 && summary.recorded * 2 >= most);
}

function pickArm(
  operation: string,
  summaries: readonly ArmSummary[],
  beats: (a: ArmSummary, b: ArmSummary) => boolean,
): ArmSummary {
  const [first, ...others] = summaries;
  if (first === undefined) {
    throw new HapsError(
      "data",
      `${operation}: no arm has a recorded outcome in these rows; expected at least one; record outcomes or use fewer folds`,
    );
  }
  return others.reduce((best, next) => (beats(next, best) ? next : best), first);
}
