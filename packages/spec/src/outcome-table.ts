import type { Arm } from "./arm.ts";
import type { Pool } from "./pool.ts";
import type { Question, Task } from "./task.ts";

/** One question of a table. Only `question` may reach a router. */
export interface TableRow {
  readonly question: Question;
  /** Hash of the normalised text: rows of one group never stand in two folds. */
  readonly group: string;
  /** Split named by the source, where it names one. */
  readonly split?: string;
  /** Privileged facts (task, topic, exam, data set, gold): for controls and reports, never for features. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Cells of a table, row-major `[rows, arms]`; `NaN` means "not run", which is not "wrong". */
export type Cells = Float64Array;

/**
 * Recorded outcomes: rows are questions, columns are arms.
 *
 * All cell arrays have `rows.length * arms.length` entries, row-major.
 */
export interface OutcomeTable {
  readonly id: string;
  readonly task: Task;
  readonly pool: Pool;
  readonly rows: readonly TableRow[];
  /** Distinct, in a fixed order. */
  readonly arms: readonly Arm[];
  /** Mean score over the samples, 0 to 1. */
  readonly score: Cells;
  /** Mean cost of one call in `costUnit`; absent when the source names none. */
  readonly cost?: Cells;
  /** Currency code or a unit such as `tokens`. */
  readonly costUnit?: string;
  /** Number of samples behind each score; 0 where not run. */
  readonly samples: Cells;
  /** Mean score of the first and of the second half of the samples, for the half-of-the-samples protocol. */
  readonly halves?: { readonly first: Cells; readonly second: Cells };
  /** Chance that the logging policy chose this cell; present when only chosen arms were seen. */
  readonly propensity?: Cells;
  /** SHA-256 over the canonical content. */
  readonly hash: string;
  /** Things a user must know before trusting numbers from this table. */
  readonly warnings: readonly string[];
}

/** A table restricted to some rows, sharing nothing with the original. `indices` may not repeat. */
export function selectRows(table: OutcomeTable, indices: readonly number[]): OutcomeTable {
  const width = table.arms.length;
  const pick = (cells: Cells): Cells => {
    const picked = new Float64Array(indices.length * width);
    indices.forEach((row, position) => {
      picked.set(cells.subarray(row * width, (row + 1) * width), position * width);
    });
    return picked;
  };
  const rows = indices.map((index) => {
    const row = table.rows[index];
    if (row === undefined)
      throw new RangeError(`selectRows: row ${index} does not exist; expected 0 to ${table.rows.length - 1}`);
    return row;
  });
  return {
    ...table,
    rows,
    score: pick(table.score),
    samples: pick(table.samples),
    ...(table.cost === undefined ? {} : { cost: pick(table.cost) }),
    ...(table.propensity === undefined ? {} : { propensity: pick(table.propensity) }),
    ...(table.halves === undefined
      ? {}
      : { halves: { first: pick(table.halves.first), second: pick(table.halves.second) } }),
  };
}
