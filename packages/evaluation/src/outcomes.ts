import { type OutcomeTable, ShapeError } from "@haps/spec";

/** Number of the chosen arm of every row of a table, `[rows]`; -1 is an arm that the table does not have. */
export type Choices = Int32Array;

/** What one method got in one seed, for every question of a table in the order of the question ids. */
export interface Outcomes {
  /** `[questions]`; `NaN` where the chosen cell was not run. */
  readonly score: Float64Array;
  /** `[questions]`; `NaN` where the chosen cell was not run or has no cost. */
  readonly cost: Float64Array;
  /** `[arms]`, how many questions were sent to each arm; fractions for methods that mix arms. */
  readonly frequencies: Float64Array;
  /** `[questions]`, number of the chosen arm, -1 for one that the table does not have; absent for methods that mix arms. */
  readonly chosen?: Int32Array;
}

/**
 * Looks up what choices got.
 *
 * @param choices - `[rows]`, in the order of the table.
 * @param order - Row numbers in the order of the result.
 * @throws ShapeError when there is not one choice per row.
 */
export function outcomesOfChoices(table: OutcomeTable, order: readonly number[], choices: Choices): Outcomes {
  const width = table.arms.length;
  if (choices.length !== table.rows.length) {
    throw new ShapeError("outcomesOfChoices", "choices", `[${table.rows.length}], one per row`, [choices.length]);
  }
  const chosen = Int32Array.from(order, (row) => choices[row] as number);
  const outcomes = { ...emptyOutcomes(order.length, width), chosen };
  order.forEach((row, question) => {
    const arm = chosen[question] as number;
    if (arm < 0 || arm >= width) return;
    outcomes.frequencies[arm] = (outcomes.frequencies[arm] as number) + 1;
    const score = table.score[row * width + arm] as number;
    if (Number.isNaN(score)) return;
    outcomes.score[question] = score;
    outcomes.cost[question] = table.cost?.[row * width + arm] ?? Number.NaN;
  });
  return outcomes;
}

/** Outcomes in which nothing is recorded yet. */
export function emptyOutcomes(questions: number, arms: number): Outcomes {
  return {
    score: new Float64Array(questions).fill(Number.NaN),
    cost: new Float64Array(questions).fill(Number.NaN),
    frequencies: new Float64Array(arms),
  };
}
