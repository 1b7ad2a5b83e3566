import { HapsError, type OutcomeTable } from "@haps/spec";

/** One split of a table into rows to learn from and rows to be judged on. */
export interface Fold {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/**
 * Refuses a fold that is empty on one side, names rows that do not exist, or has one text on both sides.
 *
 * @throws HapsError code `data`.
 */
export function assertFold(operation: string, table: OutcomeTable, fold: Fold): void {
  const fail = (problem: string, advice: string, facts: Record<string, unknown>): never => {
    throw new HapsError("data", `${operation}: ${problem}; ${advice}`, facts);
  };
  if (fold.train.length === 0 || fold.test.length === 0) {
    const facts = { train: fold.train.length, test: fold.test.length };
    fail(
      `a fold has an empty side; got ${facts.train} training and ${facts.test} test rows, expected at least 1 of each`,
      "use fewer folds or more questions",
      facts,
    );
  }
  const trainGroups = new Set(fold.train.map((row) => table.rows[row]?.group));
  if (trainGroups.has(undefined)) fail("a training row is not in the table", "make the folds from this table", {});
  for (const row of fold.test) {
    const group = table.rows[row]?.group;
    if (group === undefined) fail(`test row ${row} is not in the table`, "make the folds from this table", { row });
    if (trainGroups.has(group)) {
      fail(
        `the text of test row ${row} is also in the training part; expected folds grouped by text`,
        "split by group, never by row",
        { row, group },
      );
    }
  }
}

/**
 * Refuses folds that do not test every row exactly once.
 *
 * @throws HapsError code `data`.
 */
export function assertFolds(operation: string, table: OutcomeTable, folds: readonly Fold[]): void {
  const tested = new Uint8Array(table.rows.length);
  for (const fold of folds) {
    assertFold(operation, table, fold);
    for (const row of fold.test) tested[row] = (tested[row] as number) + 1;
  }
  const wrong = tested.findIndex((times) => times !== 1);
  if (wrong < 0) return;
  throw new HapsError(
    "data",
    `${operation}: row ${wrong} is tested ${tested[wrong]} times; expected every row in exactly one test part; make the folds from this table`,
    { row: wrong, times: tested[wrong] },
  );
}
