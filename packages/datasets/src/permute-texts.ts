import { type OutcomeTable, selectRows, type TableRow } from "@haps/spec";
import { groupMembers } from "./grouped-folds.ts";
import { hashOrder } from "./hash-order.ts";
import { hashTable } from "./hash-table.ts";

/**
 * Permutes questions against outcomes: the null experiment, in which nothing about a text says which arm is good.
 *
 * Whole questions move (text, context, id, split and labels together), so controls that read labels find nothing
 * either. Groups move as a whole, among groups of the same number of rows, so that the sizes of the folds stay; a group
 * whose number of rows no other has stays in place, which a warning counts. Outcomes, arms and pool stay.
 *
 * @returns A new table whose id and warnings say that it is simulated. Same seed, same permutation.
 */
export function permuteTexts(table: OutcomeTable, seed: number): OutcomeTable {
  const members = groupMembers(table, [...table.rows.keys()]);
  const bySize = new Map<number, string[]>();
  for (const [group, { length }] of members) {
    const groups = bySize.get(length);
    if (groups === undefined) bySize.set(length, [group]);
    else groups.push(group);
  }
  const rows: TableRow[] = [...table.rows];
  let fixed = 0;
  for (const groups of bySize.values()) {
    if (groups.length === 1) fixed += 1;
    const sources = hashOrder(groups, seed, "permute");
    groups.forEach((target, position) => {
      const sourceRows = members.get(sources[position] ?? target) ?? [];
      members.get(target)?.forEach((row, index) => {
        const source = table.rows[sourceRows[index] ?? row];
        if (source !== undefined) rows[row] = source;
      });
    });
  }
  const kept = fixed === 0 ? "" : `; ${fixed} groups of a size of their own stayed in place`;
  const permuted = { ...selectRows(table, [...table.rows.keys()]), rows };
  return {
    ...permuted,
    id: `${table.id}/permuted-${seed}`,
    hash: hashTable(permuted),
    warnings: [`simulated: texts permuted against outcomes with seed ${seed}${kept}`, ...table.warnings],
  };
}
