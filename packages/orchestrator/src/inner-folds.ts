import type { Rng } from "@haps/tensor";

/**
 * Assigns every row to one of `folds` inner folds, whole groups at a time.
 *
 * Groups are shuffled by `rng` and dealt out to the fold that has the fewest rows, so sizes differ by at most one group.
 *
 * @param groups - Group of every row; rows of one group share a fold.
 * @returns Fold index of every row.
 */
export function assignInnerFolds(groups: readonly string[], folds: number, rng: Rng): Int32Array {
  const members = new Map<string, number[]>();
  groups.forEach((group, row) => {
    const rows = members.get(group);
    if (rows === undefined) members.set(group, [row]);
    else rows.push(row);
  });
  const sizes = new Array<number>(folds).fill(0);
  const fold = new Int32Array(groups.length);
  for (const key of rng.shuffle([...members.keys()].sort())) {
    const rows = members.get(key) ?? [];
    const smallest = sizes.indexOf(Math.min(...sizes));
    sizes[smallest] = (sizes[smallest] as number) + rows.length;
    for (const row of rows) fold[row] = smallest;
  }
  return fold;
}
