import type { Cells, OutcomeTable } from "@haps/spec";
import { bestSingleArm, cheapestArm } from "./best-single-arm.ts";
import type { Fold } from "./fold.ts";
import { emptyOutcomes, type Outcomes, outcomesOfChoices } from "./outcomes.ts";

/** Names of the methods that every evaluation computes by itself. */
export const REFERENCE_METHODS = ["best-single", "cheapest", "random", "oracle", "oracle-halves"] as const;

/** Name of a method that every evaluation computes by itself. */
export type ReferenceMethod = (typeof REFERENCE_METHODS)[number];

/**
 * What methods that need no fit get on the test parts of the folds of one seed.
 *
 * - `best-single`: the best arm of the training part ({@link bestSingleArm}).
 * - `cheapest`: the cheapest arm of the training part; only for tables with costs.
 * - `random`: the exact expectation of a uniform choice among the arms run for the question.
 * - `oracle`: the best arm of each question, with hindsight; ties go to the cheapest. Inflated by noise in the scores.
 * - `oracle-halves`: the best arm by one half of the samples, scored by the other, both ways averaged; ties are shared.
 *   Not inflated; only for tables with halves.
 *
 * @param order - Row numbers in the order of the result.
 */
export function referenceOutcomes(
  table: OutcomeTable,
  folds: readonly Fold[],
  order: readonly number[],
): Map<ReferenceMethod, Outcomes> {
  const outcomes = new Map<ReferenceMethod, Outcomes>();
  const single = new Int32Array(table.rows.length).fill(-1);
  const cheapest = new Int32Array(table.rows.length).fill(-1);
  const priced = table.cost?.some((cost) => !Number.isNaN(cost)) === true;
  for (const fold of folds) {
    const best = bestSingleArm(table, fold.train).arm;
    const cheap = priced ? cheapestArm(table, fold.train).arm : -1;
    for (const row of fold.test) {
      single[row] = best;
      cheapest[row] = cheap;
    }
  }
  outcomes.set("best-single", outcomesOfChoices(table, order, single));
  if (priced) outcomes.set("cheapest", outcomesOfChoices(table, order, cheapest));
  outcomes.set("random", randomOutcomes(table, order));
  outcomes.set("oracle", oracleOutcomes(table, order));
  if (table.halves !== undefined) outcomes.set("oracle-halves", halvesOutcomes(table, order));
  return outcomes;
}

function randomOutcomes(table: OutcomeTable, order: readonly number[]): Outcomes {
  const outcomes = emptyOutcomes(order.length, table.arms.length);
  order.forEach((row, question) => {
    share(
      table,
      row,
      recordedArms(table.score, row, table.arms.length),
      (cell) => table.score[cell] as number,
      1,
      outcomes,
      question,
    );
  });
  return outcomes;
}

function oracleOutcomes(table: OutcomeTable, order: readonly number[]): Outcomes {
  const width = table.arms.length;
  const choices = new Int32Array(table.rows.length).fill(-1);
  const costOf = (cell: number): number => {
    const cost = table.cost?.[cell] ?? Number.NaN;
    return Number.isNaN(cost) ? Number.POSITIVE_INFINITY : cost;
  };
  for (const row of order) {
    const tied = bestArms(table.score, row, width);
    choices[row] = tied.reduce(
      (best, arm) => (best >= 0 && costOf(row * width + best) <= costOf(row * width + arm) ? best : arm),
      -1,
    );
  }
  return outcomesOfChoices(table, order, choices);
}

function halvesOutcomes(table: OutcomeTable, order: readonly number[]): Outcomes {
  const width = table.arms.length;
  const outcomes = emptyOutcomes(order.length, width);
  const { first, second } = table.halves as { readonly first: Cells; readonly second: Cells };
  order.forEach((row, question) => {
    for (const [chooseBy, scoreBy] of [
      [first, second],
      [second, first],
    ] as const) {
      const both = (cell: number): boolean => !Number.isNaN(chooseBy[cell]) && !Number.isNaN(scoreBy[cell]);
      const tied = bestArms(chooseBy, row, width, both);
      share(table, row, tied, (cell) => scoreBy[cell] as number, 0.5, outcomes, question);
    }
  });
  return outcomes;
}

/** Adds a uniform mixture over `arms` with the given weight to a question's outcome. */
function share(
  table: OutcomeTable,
  row: number,
  arms: readonly number[],
  scoreOf: (cell: number) => number,
  weight: number,
  outcomes: Outcomes,
  question: number,
): void {
  if (arms.length === 0) return;
  const cells = arms.map((arm) => row * table.arms.length + arm);
  for (const arm of arms) {
    outcomes.frequencies[arm] = (outcomes.frequencies[arm] as number) + weight / arms.length;
  }
  const costs = cells.map((cell) => table.cost?.[cell] ?? Number.NaN).filter((cost) => !Number.isNaN(cost));
  const score = cells.reduce((sum, cell) => sum + scoreOf(cell), 0) / arms.length;
  const cost = costs.reduce((sum, value) => sum + value, 0) / costs.length;
  outcomes.score[question] = addRecorded(outcomes.score[question] as number, weight * score);
  outcomes.cost[question] = addRecorded(outcomes.cost[question] as number, weight * cost);
}

function addRecorded(sum: number, value: number): number {
  return Number.isNaN(sum) ? value : sum + value;
}

function recordedArms(cells: Cells, row: number, width: number): number[] {
  return Array.from({ length: width }, (_, arm) => arm).filter((arm) => !Number.isNaN(cells[row * width + arm]));
}

function bestArms(cells: Cells, row: number, width: number, allowed: (cell: number) => boolean = () => true): number[] {
  const arms = recordedArms(cells, row, width).filter((arm) => allowed(row * width + arm));
  const best = Math.max(...arms.map((arm) => cells[row * width + arm] as number));
  return arms.filter((arm) => cells[row * width + arm] === best);
}
