import { HapsError, type OutcomeTable } from "@haps/spec";

/**
 * Row numbers of a table in the order of their question ids (by code units).
 *
 * Every sum of this package runs in this order, so that results do not depend on the order of a file.
 *
 * @throws HapsError code `data` when two rows have one id.
 */
export function questionOrder(operation: string, table: OutcomeTable, rows?: readonly number[]): number[] {
  const idOf = (row: number): string => {
    const id = table.rows[row]?.question.id;
    if (id === undefined) {
      throw new HapsError(
        "data",
        `${operation}: row ${row} is not in table ${JSON.stringify(table.id)}; expected 0 to ${table.rows.length - 1}; make the folds from this table`,
        { row, rows: table.rows.length },
      );
    }
    return id;
  };
  const chosen = rows === undefined ? table.rows.map((_, row) => row) : [...rows];
  const keyed = chosen.map((row) => ({ row, id: idOf(row) }));
  keyed.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  keyed.forEach(({ id }, position) => {
    if (id !== keyed[position + 1]?.id) return;
    throw new HapsError(
      "data",
      `${operation}: question id ${JSON.stringify(id)} occurs twice; expected one row per id; merge the rows or rename one`,
      { id },
    );
  });
  return keyed.map(({ row }) => row);
}
