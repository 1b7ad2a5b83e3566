import { HapsError, type OutcomeTable } from "@haps/spec";
import type { Rng } from "@haps/tensor";

/**
 * Deals the rows of a training table out to inner folds, whole text groups at a time.
 *
 * @param folds - Wanted number; fewer when there are fewer distinct texts.
 * @returns Fold of every row, and how many folds there are.
 * @throws HapsError code `data` for fewer than two distinct texts.
 */
export function innerFolds(
  table: OutcomeTable,
  folds: number,
  rng: Rng,
): { readonly foldOf: Int32Array; readonly count: number } {
  const members = new Map<string, number[]>();
  table.rows.forEach(({ group }, row) => {
    const rows = members.get(group);
    if (rows === undefined) members.set(group, [row]);
    else rows.push(row);
  });
  const count = Math.min(folds, members.size);
  if (count < 2) {
    throw new HapsError(
      "data",
      `createRouter: table ${table.id} has ${members.size} distinct texts; expected at least 2, to learn from some and check on others; add questions`,
      { table: table.id, texts: members.size },
    );
  }
  const sizes = new Array<number>(count).fill(0);
  const foldOf = new Int32Array(table.rows.length);
  for (const group of rng.shuffle([...members.keys()].sort())) {
    const rows = members.get(group) as number[];
    const smallest = sizes.indexOf(Math.min(...sizes));
    sizes[smallest] = (sizes[smallest] as number) + rows.length;
    for (const row of rows) foldOf[row] = smallest;
  }
  return { foldOf, count };
}
