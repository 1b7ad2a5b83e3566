import { parseConfig } from "@haps/spec";
import { z } from "zod";

/** Schema of {@link JobRecord}. */
export const jobRecordSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Id of the router factory. */
  method: z.string(),
  /** True when the factory says so or when it asked for a privileged label. */
  privileged: z.boolean(),
  seed: z.int(),
  /** Number of the fold within its seed, from 0. */
  fold: z.int().nonnegative(),
  /** Hash of the table that was evaluated. */
  tableHash: z.string(),
  /** Number of training rows. */
  trainingRows: z.int().positive(),
  /** Ids of the test questions, in the order of the ids. */
  questions: z.array(z.string()),
  /** Cost weights asked, in the order asked. */
  costWeights: z.array(z.number().nonnegative()),
  /** `[costWeights][questions]`: number of the chosen arm in the table, -1 for an arm that the table does not have. */
  choices: z.array(z.array(z.int().min(-1))),
  /** Warnings of the fit, each once. */
  warnings: z.array(z.strictObject({ code: z.string(), message: z.string() })),
});

/** What one method chose in one fold of one seed: plain JSON, so that jobs can run in other processes and be kept. */
export interface JobRecord extends z.output<typeof jobRecordSchema> {}

/**
 * Reads a record that another process wrote.
 *
 * @throws ConfigError naming every field that is wrong.
 */
export function parseJobRecord(value: unknown): JobRecord {
  return parseConfig("parseJobRecord", jobRecordSchema, value);
}

/** One name per (method, seed, fold), usable as a file name: `haps.seed-1.fold-0`. */
export function jobName(job: { readonly method: string; readonly seed: number; readonly fold: number }): string {
  return `${job.method.replace(/[^\w.-]/g, (character) => `%${character.codePointAt(0)?.toString(16)}`)}.seed-${job.seed}.fold-${job.fold}`;
}
