import { basename } from "node:path";
import { type Pool, parseConfig, type Task } from "@haps/spec";
import { z } from "zod";
import { outcomeFormat, type RecordEntry, readOutcomeRecords } from "./read-outcome-records.ts";
import { TableAssembly } from "./table-assembly.ts";
import type { TableReading } from "./table-report.ts";

/** Schema of the plain part of {@link ReadOutcomeTableOptions}. */
export const readOutcomeTableOptionsSchema = z.strictObject({
  /** Id of the table. Default: the file's name without folder and extensions. */
  id: z.string().min(1).optional(),
  /** Default: what the file's name says. */
  format: z.enum(["jsonl", "csv"]).optional(),
  /** Which field is the cost of the table. Default `cost`; another one must be asked for, as it is no money. */
  costFrom: z.enum(["cost", "tokens", "latency"]).default("cost"),
});

/** How to read an outcome file. */
export interface ReadOutcomeTableOptions extends z.input<typeof readOutcomeTableOptionsSchema> {
  /** Default: one role `answerer`, or the roles of the first arm. */
  readonly task?: Task;
  /** Default: derived from the settings seen. Where given, other candidates and settings are refused. */
  readonly pool?: Pool;
}

/**
 * Reads a file in the generic outcome format, JSON Lines or CSV, plain or gzipped.
 *
 * One record is one question with one arm; see {@link outcomeRecordSchema} for the fields. Records with the same `id`
 * (without one: exactly the same text and context) are one question; several records of one question and arm are
 * samples and are averaged. Arms and questions keep the order in which they first appear. A table has one cost: `cost`,
 * or what `costFrom` names.
 *
 * @returns The table, and a report in which every record is either kept or counted with a reason.
 * @throws ConfigError for wrong options; DataError naming file, line and field for the first broken record, an unknown
 * candidate, two currencies, or a file without records.
 */
export async function readOutcomeTable(path: string, options: ReadOutcomeTableOptions = {}): Promise<TableReading> {
  const { entries, assembly } = openOutcomes("readOutcomeTable", path, options);
  for await (const entry of entries) {
    if ("problem" in entry) throw entry.problem;
    assembly.add(entry);
  }
  return assembly.finish();
}

/** The records of a file and what assembles them. */
export interface OpenOutcomes {
  readonly entries: AsyncIterable<RecordEntry>;
  readonly assembly: TableAssembly;
}

/** Checks the options and opens a file; nothing is read yet. */
export function openOutcomes(operation: string, path: string, options: ReadOutcomeTableOptions): OpenOutcomes {
  const { task, pool, ...plain } = options;
  const config = parseConfig(operation, readOutcomeTableOptionsSchema, plain);
  const entries = readOutcomeRecords(path, config.format ?? outcomeFormat(path));
  const assembly = new TableAssembly(path, {
    id: config.id ?? basename(path).replace(/\.(jsonl|ndjson|csv)?(\.gz)?$/i, ""),
    costFrom: config.costFrom,
    ...(task === undefined ? {} : { task }),
    ...(pool === undefined ? {} : { pool }),
  });
  return { entries, assembly };
}
