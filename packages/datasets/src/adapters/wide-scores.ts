/** @module The wide format: `query_id` and one column of scores per model; an empty cell was not run. */

import type { Arm } from "@haps/spec";
import { optionalNumberField } from "../number-field.ts";
import type { OutcomeTableBuilder } from "../outcome-table-builder.ts";
import { readCsv } from "../read-csv.ts";
import type { RecordCounter } from "../table-report.ts";
import { type QueryRecord, queryOf } from "./read-queries.ts";

/** How to read a wide file. */
export interface WideScoreOptions {
  readonly path: string;
  readonly queries: ReadonlyMap<string, QueryRecord>;
  readonly builder: OutcomeTableBuilder;
  /** Counts cells. */
  readonly counter: RecordCounter;
  /** The arm of a column. */
  readonly arm: (column: string) => Arm;
  /** Cost of one call of a column, where it is known. */
  readonly cost?: (column: string) => number;
  readonly labels: (query: QueryRecord) => Readonly<Record<string, string>>;
  readonly split?: (query: QueryRecord) => string;
  /** Why a question is left out, or `undefined` to keep it. */
  readonly dropped?: (query: QueryRecord) => string | undefined;
}

/** Reason for which empty cells are counted. */
const NOT_RUN = "empty cell: not run";

/** Adds the cells of a wide file to a builder; columns become arms in their order. */
export async function addWideScores(options: WideScoreOptions): Promise<void> {
  const { path, queries, builder, counter } = options;
  for await (const { line, fields } of readCsv(path, { columns: ["query_id"] })) {
    const query = queryOf(queries, fields.query_id, path, line);
    const columns = Object.keys(fields).filter((column) => column !== "query_id");
    for (const column of columns) builder.addArm(options.arm(column));
    const reason = options.dropped?.(query);
    if (reason !== undefined) {
      for (const _ of columns) counter.drop(reason);
      continue;
    }
    const split = options.split?.(query);
    const row = { id: query.id, text: query.text, labels: { ...options.labels(query), sourceId: query.sourceId } };
    builder.addRow(split === undefined ? row : { ...row, split }, { file: path, line });
    for (const column of columns) {
      const location = { file: path, line, field: column };
      const score = optionalNumberField(fields[column], location, { minimum: 0, maximum: 1 });
      if (score === undefined) {
        counter.drop(NOT_RUN);
        continue;
      }
      const cost = options.cost?.(column);
      const outcome = { questionId: query.id, arm: options.arm(column), score, location };
      builder.addOutcome(cost === undefined ? outcome : { ...outcome, cost });
      counter.keep();
    }
  }
}
