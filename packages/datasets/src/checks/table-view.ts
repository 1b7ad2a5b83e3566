import { armLabel, type Cells, type OutcomeTable } from "@haps/spec";

/** Reads a table by row and column. */
export interface TableView {
  readonly table: OutcomeTable;
  readonly rows: number;
  readonly arms: number;
  /** Names of the arms for people. */
  readonly labels: readonly string[];
  /** The recorded values of a column, without the cells that were not run, in the order of the rows. */
  readonly column: (cells: Cells, arm: number) => readonly CellValue[];
  /** The id that the source gives a question. */
  readonly nameOf: (row: number | undefined) => string;
  /** Row indices by split and text group, for rows whose split is known. */
  readonly splits: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;
}

/** One recorded value. */
export interface CellValue {
  readonly row: number;
  readonly value: number;
}

/** A view of a table whose arrays have the right sizes. */
export function viewTable(table: OutcomeTable): TableView {
  const arms = table.arms.length;
  const splits = new Map<string, Map<string, number[]>>();
  table.rows.forEach(({ split, group }, row) => {
    if (split === undefined) return;
    const groups = splits.get(split) ?? new Map<string, number[]>();
    splits.set(split, groups);
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [row]);
    else members.push(row);
  });
  return {
    table,
    rows: table.rows.length,
    arms,
    labels: table.arms.map(armLabel),
    column: (cells, arm) =>
      table.rows
        .map((_, row) => ({ row, value: cells[row * arms + arm] ?? Number.NaN }))
        .filter(({ value }) => !Number.isNaN(value)),
    nameOf: (row) => {
      const known = row === undefined ? undefined : table.rows[row];
      return known?.labels.sourceId ?? known?.question.id ?? "";
    },
    splits,
  };
}
