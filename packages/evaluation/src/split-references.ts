import type { OutcomeTable } from "@haps/spec";
import { type ClassTableOptions, classTable } from "./class-table.ts";
import { assertFold, type Fold } from "./fold.ts";
import type { Outcomes } from "./outcomes.ts";
import { questionOrder } from "./question-order.ts";
import { type ReferenceMethod, referenceOutcomes } from "./reference-methods.ts";

/** What needs no fit on one fixed split. */
export interface SplitReferences {
  /** Test rows in the order of the question ids, which is that of all outcomes. */
  readonly order: readonly number[];
  /** As `referenceOutcomes` of cross-validation: `best-single`, `cheapest`, `random`, `oracle`, `oracle-halves`. */
  readonly references: ReadonlyMap<ReferenceMethod, Outcomes>;
  /** One per entry of `classes`, in order. */
  readonly classTables: readonly Outcomes[];
  /** `[arms]`, every static assignment. */
  readonly statics: readonly Pick<Outcomes, "score" | "cost">[];
}

/**
 * The rows that methods on one fixed test split are read against, from outcomes of static assignments.
 *
 * @param fold - Rows to choose on (train or valid) and rows to score (test), of one table.
 * @param classes - A class table each, controls with permuted classes among them; see {@link classTable}.
 * @throws HapsError code `data` or `config` as {@link classTable}.
 *
 * @example
 * ```ts
 * const table: OutcomeTable = {
 *   id: "demo",
 *   task: { id: "demo", description: "invented", roles: [{ id: "answerer", description: "answers" }] },
 *   pool: { candidates: ["a", "b"].map((id) => ({ id, weights: "closed" as const, parameters: {} })) },
 *   rows: ["q0", "q1", "q2"].map((id) => ({ question: { id, text: id }, group: id, labels: {} })),
 *   arms: [singleRoleArm("a"), singleRoleArm("b")],
 *   score: Float64Array.of(1, 0, 1, 0, 0, 1),
 *   samples: new Float64Array(6).fill(1),
 *   hash: "demo",
 *   warnings: [],
 * };
 * const { references, statics } = splitReferences(table, { train: [0], test: [1, 2] });
 * console.assert(references.get("best-single")?.score.join() === "1,0" && statics[1]?.score.join() === "0,1");
 * ```
 */
export function splitReferences(
  table: OutcomeTable,
  fold: Fold,
  classes: readonly ClassTableOptions[] = [],
): SplitReferences {
  const operation = "splitReferences";
  assertFold(operation, table, fold);
  const order = questionOrder(operation, table, fold.test);
  const width = table.arms.length;
  return {
    order,
    references: referenceOutcomes(table, [fold], order),
    classTables: classes.map((options) => classTable(table, fold, options).outcomes),
    statics: table.arms.map((_, arm) => ({
      score: Float64Array.from(order, (row) => table.score[row * width + arm] as number),
      cost: Float64Array.from(order, (row) => table.cost?.[row * width + arm] ?? Number.NaN),
    })),
  };
}
