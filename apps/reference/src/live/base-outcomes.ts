import { type CandidateId, type OutcomeTable, selectRows } from "@haps/spec";
import { allAssignments } from "@haps/tensor";
import type { LiveItem } from "./live-benchmark.ts";

/** What came of every assignment of the base models, question by question. */
export interface BaseOutcomes {
  /** Rows in the order of the items they were asked for, arms in the order of `allAssignments`. */
  readonly table: OutcomeTable;
  /** Scores of a row, `[assignments]`; `NaN` where a trial failed. */
  quality(row: number): Float64Array;
  /** Costs of a row, `[assignments]`. */
  cost(row: number): Float64Array;
}

/**
 * Brings a sampled table into the order of items and assignments.
 *
 * @throws Error where a question or an assignment is missing: samples of something else.
 */
export function baseOutcomes(table: OutcomeTable, items: readonly LiveItem[]): BaseOutcomes {
  const place = new Map(table.rows.map(({ question }, row) => [question.id, row]));
  const rows = items.map(({ question }) => {
    const row = place.get(question.id);
    if (row === undefined) throw new Error(`internal: question ${question.id} was not sampled`);
    return row;
  });
  const columns = assignmentColumns(table);
  const ordered = orderArms(selectRows(table, rows), columns);
  const width = columns.length;
  const { cost } = ordered;
  if (cost === undefined) throw new Error("internal: samples have no costs");
  return {
    table: ordered,
    quality: (row) => ordered.score.subarray(row * width, (row + 1) * width),
    cost: (row) => cost.subarray(row * width, (row + 1) * width),
  };
}

/** Column of each assignment. */
function assignmentColumns({ task, pool, arms }: OutcomeTable): readonly number[] {
  const roles = task.roles.map(({ id }) => id);
  const candidates = pool.candidates.map(({ id }) => id);
  return allAssignments(roles.length, candidates.length).map((assignment) => {
    const column = arms.findIndex((arm) =>
      roles.every((role, index) => arm[role]?.candidate === (candidates[assignment[index] as number] as CandidateId)),
    );
    if (column < 0) throw new Error(`internal: assignment [${assignment.join(", ")}] was not sampled`);
    return column;
  });
}

function orderArms(table: OutcomeTable, columns: readonly number[]): OutcomeTable {
  const width = table.arms.length;
  const pick = (cells: Float64Array): Float64Array =>
    Float64Array.from({ length: table.rows.length * columns.length }, (_, cell) => {
      const row = Math.floor(cell / columns.length);
      return cells[row * width + (columns[cell % columns.length] as number)] as number;
    });
  return {
    ...table,
    arms: columns.map((column) => table.arms[column] as (typeof table.arms)[number]),
    score: pick(table.score),
    samples: pick(table.samples),
    ...(table.cost === undefined ? {} : { cost: pick(table.cost) }),
  };
}
