import { type OutcomeTable, parseConfig, type TableRow } from "@haps/spec";
import { z } from "zod";
import { bestSingleArm, summariseArms } from "./best-single-arm.ts";
import { assertFold, type Fold } from "./fold.ts";
import { type Outcomes, outcomesOfChoices } from "./outcomes.ts";
import { questionOrder } from "./question-order.ts";
import { createRandomSource, type RandomSource } from "./random-source.ts";

/** Schema of {@link ClassTableOptions}. */
export const classTableOptionsSchema = z.strictObject({
  /** Name of the label that holds the class. */
  label: z.string().min(1),
  /** A seed: permutes the classes of the training rows, and those of the test rows, as a control. Default: not permuted. */
  permute: z.int().optional(),
});

/** Which class a table may know. */
export interface ClassTableOptions extends z.input<typeof classTableOptionsSchema> {}

/** What one class of questions is sent to. */
export interface ClassRow {
  /** Text of the label; rows that lack it stand under `(none)`. */
  readonly label: string;
  /** Number of the arm in the table. */
  readonly arm: number;
  /** Training rows of the class; 0 for one that only test rows have, which gets the best single arm. */
  readonly trainingRows: number;
  readonly testRows: number;
}

/** A table that knows nothing of a question but its class. */
export interface ClassTable {
  /** By label text. */
  readonly classes: readonly ClassRow[];
  /** On the test rows, in the order of their question ids. */
  readonly outcomes: Outcomes;
}

/**
 * The best assignment of each class by the training rows, scored on the test rows: what a router could get that reads
 * nothing of a question but its class. It reads a privileged label, so it is a reference, not a method.
 *
 * Within a class the arm is chosen as {@link bestSingleArm} does. With `permute`, classes keep their sizes but lose their
 * meaning; what the table still gains over the best single arm is then chance.
 *
 * @param fold - Rows of one table; training and test rows share no text.
 * @throws HapsError code `config` for options out of range, `data` for rows outside the table or on both sides, or nothing
 *   recorded in the training rows.
 *
 * @example
 * ```ts
 * const row = (id: string, kind: string) => ({ question: { id, text: id }, group: id, labels: { kind } });
 * const table: OutcomeTable = {
 *   id: "demo",
 *   task: { id: "demo", description: "invented", roles: [{ id: "answerer", description: "answers" }] },
 *   pool: { candidates: ["a", "b"].map((id) => ({ id, weights: "closed" as const, parameters: {} })) },
 *   rows: [row("q0", "sum"), row("q1", "city"), row("q2", "sum"), row("q3", "city")],
 *   arms: [singleRoleArm("a"), singleRoleArm("b")],
 *   score: Float64Array.of(1, 0, 0, 1, 1, 0, 0, 1),
 *   samples: new Float64Array(8).fill(1),
 *   hash: "demo",
 *   warnings: [],
 * };
 * const { outcomes } = classTable(table, { train: [0, 1], test: [2, 3] }, { label: "kind" });
 * console.assert(outcomes.score.every((score) => score === 1));
 * ```
 */
export function classTable(table: OutcomeTable, fold: Fold, options: ClassTableOptions): ClassTable {
  const operation = "classTable";
  const { label, permute } = parseConfig(operation, classTableOptionsSchema, options);
  assertFold(operation, table, fold);
  const random = permute === undefined ? undefined : createRandomSource(permute);
  const train = classesOf(table, questionOrder(operation, table, fold.train), label, random);
  const order = questionOrder(operation, table, fold.test);
  const test = classesOf(table, order, label, random);
  const fallback = bestSingleArm(table, fold.train).arm;
  const names = [...new Set([...train.keys(), ...test.keys()])].sort();
  const choices = new Int32Array(table.rows.length).fill(-1);
  const classes = names.map((name): ClassRow => {
    const rows = train.get(name) ?? [];
    const recorded = summariseArms(table, rows).some((summary) => summary.recorded > 0);
    const arm = recorded ? bestSingleArm(table, rows).arm : fallback;
    for (const row of test.get(name) ?? []) choices[row] = arm;
    return { label: name, arm, trainingRows: rows.length, testRows: test.get(name)?.length ?? 0 };
  });
  return { classes, outcomes: outcomesOfChoices(table, order, choices) };
}

/** Rows of each class. */
function classesOf(
  table: OutcomeTable,
  rows: readonly number[],
  label: string,
  random: RandomSource | undefined,
): Map<string, number[]> {
  const names = rows.map((row) => (table.rows[row] as TableRow).labels[label] ?? "(none)");
  if (random !== undefined) shuffle(names, random);
  const classes = new Map<string, number[]>();
  rows.forEach((row, place) => {
    const name = names[place] as string;
    const known = classes.get(name);
    if (known === undefined) classes.set(name, [row]);
    else known.push(row);
  });
  return classes;
}

/** In place, by Fisher and Yates. */
function shuffle(values: string[], random: RandomSource): void {
  for (let last = values.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [values[last], values[other]] = [values[other] as string, values[last] as string];
  }
}
