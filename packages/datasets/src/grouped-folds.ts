import { HapsError, type OutcomeTable, parseConfig } from "@haps/spec";
import { z } from "zod";
import { hashOrder } from "./hash-order.ts";

/** Schema of {@link FoldOptions}. */
export const foldOptionsSchema = z.strictObject({
  /** Number of folds, at least 2. Default 5: four fifths train, as in the published studies of these sets. */
  folds: z.int().min(2).default(5),
  /** Any whole number; another seed gives other folds. */
  seed: z.int(),
});

/** How to cut a table. */
export interface FoldOptions extends z.input<typeof foldOptionsSchema> {}

/** Row indices of one fold, ascending; together they are all rows, and no text group is in both. */
export interface Fold {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

/**
 * Cuts a table into folds by text group: rows with the same normalised text never stand on both sides.
 *
 * Groups are put into an order by a seeded hash of the group alone and the order is cut into parts of equal row
 * counts (up to the size of a group). So rows that are added later move few others between folds: only those beside
 * a cut.
 *
 * @returns `folds` folds; every row is in the test part of exactly one.
 * @throws ConfigError for wrong options; HapsError code `data` when there are fewer groups than folds.
 *
 * @example
 * ```ts
 * import { strict as assert } from "node:assert";
 * import { groupedFolds, plantedSignal } from "@haps/datasets";
 * const { table } = plantedSignal({ questions: 20, arms: 2, effect: 0.2, noise: 0.1, seed: 1 });
 * const folds = groupedFolds(table, { folds: 4, seed: 7 });
 * assert.deepEqual(folds.map((fold) => fold.test.length), [5, 5, 5, 5]);
 * ```
 */
export function groupedFolds(table: OutcomeTable, options: FoldOptions): readonly Fold[] {
  return innerFolds(
    table,
    table.rows.map((_, row) => row),
    options,
  );
}

/**
 * As {@link groupedFolds}, on some rows of a table: the folds inside a training part.
 *
 * @param rows - Row indices of `table`, each at most once; the folds hold indices of `table` too.
 * @throws ConfigError for wrong options; HapsError code `data` for a row that does not exist or comes twice, and when
 * there are fewer groups than folds.
 */
export function innerFolds(table: OutcomeTable, rows: readonly number[], options: FoldOptions): readonly Fold[] {
  const { folds, seed } = parseConfig("groupedFolds", foldOptionsSchema, options);
  const members = groupMembers(table, rows);
  if (members.size < folds) {
    throw new HapsError(
      "data",
      `groupedFolds: got ${members.size} distinct texts for ${folds} folds; expected at least one text per fold; ` +
        "use fewer folds or more questions",
      { groups: members.size, folds },
    );
  }
  const foldOfGroup = cutGroups(hashOrder([...members.keys()], seed, "folds"), members, rows.length, folds);
  const sorted = [...rows].sort((a, b) => a - b);
  const foldOfRow = sorted.map((row) => foldOfGroup.get(table.rows[row]?.group ?? ""));
  return Array.from({ length: folds }, (_, fold) => ({
    train: sorted.filter((_, position) => foldOfRow[position] !== fold),
    test: sorted.filter((_, position) => foldOfRow[position] === fold),
  }));
}

/** Group to the given rows in it, in order of appearance. */
export function groupMembers(table: OutcomeTable, rows: readonly number[]): ReadonlyMap<string, readonly number[]> {
  const members = new Map<string, number[]>();
  const seen = new Set<number>();
  for (const row of rows) {
    const group = table.rows[row]?.group;
    if (group === undefined || seen.has(row)) {
      const problem = group === undefined ? "does not exist" : "comes twice";
      throw new HapsError(
        "data",
        `groupedFolds: row ${row} ${problem}; expected each of 0 to ${table.rows.length - 1} at most once`,
        {
          row,
        },
      );
    }
    seen.add(row);
    const list = members.get(group);
    if (list === undefined) members.set(group, [row]);
    else list.push(row);
  }
  return members;
}

/** Gives each group the fold in which its middle row falls, and every fold at least one group. */
function cutGroups(
  order: readonly string[],
  members: ReadonlyMap<string, readonly number[]>,
  total: number,
  folds: number,
): ReadonlyMap<string, number> {
  const foldOf = new Map<string, number>();
  let before = 0;
  let previous = -1;
  order.forEach((group, position) => {
    const size = members.get(group)?.length ?? 0;
    const wanted = Math.floor((folds * (before + size / 2)) / total);
    const groupsLeft = order.length - position;
    const lowest = Math.max(previous, folds - groupsLeft, 0);
    const fold = Math.min(Math.max(wanted, lowest), previous + 1, folds - 1);
    foldOf.set(group, fold);
    previous = fold;
    before += size;
  });
  return foldOf;
}
