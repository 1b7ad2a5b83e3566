import { closestName, DataError, quoteValue } from "@haps/spec";
import { z } from "zod";

const settingsSchema = z.record(z.string().min(1), z.union([z.string().min(1), z.number()]));
const SHARE = "expected a number from 0 to 1; divide percents by 100";
const share = z.number().min(0, SHARE).max(1, SHARE);

/**
 * Schema of one record of the generic outcome format: one question, one arm, one or several samples.
 *
 * Further fields are allowed. Those that hold one text, number or truth value per question become labels of that
 * question; all others are named in a warning of the table.
 */
export const outcomeRecordSchema = z.looseObject({
  /** The question, with at least one sign that is not white space. */
  text: z.string().refine((text) => text.trim() !== "", "is blank; every question needs a text"),
  /** Id of the question. Default: records with exactly the same text and context are one question. */
  id: z.string().min(1).optional(),
  /** Context documents of the question. */
  context: z.array(z.string()).optional(),
  /** Model that answered; either this or `arm`. */
  candidate: z.string().min(1).optional(),
  /** Its settings, by name. Default: none. */
  settings: settingsSchema.optional(),
  /** Role to candidate and settings, for tasks with several roles. */
  arm: z
    .record(z.string().min(1), z.strictObject({ candidate: z.string().min(1), settings: settingsSchema.default({}) }))
    .refine((arm) => Object.keys(arm).length > 0, "names no role; expected at least one")
    .optional(),
  /** Mean over the samples, 0 to 1; `null`: not run. */
  score: share.nullable().optional(),
  /** `failed` and `not-recorded` are not run, whatever the score; `no-answer` scores 0 where no score is given. */
  status: z.enum(["ok", "no-answer", "failed", "not-recorded"]).optional(),
  /** Mean cost of one call. */
  cost: z.number().nonnegative().optional(),
  /** Currency code or unit of `cost`, the same in all records. */
  currency: z.string().min(1).optional(),
  /** Tokens of one call. */
  tokens: z.number().nonnegative().optional(),
  /** Milliseconds of one call. */
  latency: z.number().nonnegative().optional(),
  /** Split of the question, e.g. `train`. */
  split: z.string().min(1).optional(),
  /** Number of samples behind the score. Default 1. */
  samples: z.int().positive().optional(),
  /** Mean score of the first and of the second half of the samples. */
  halves: z.tuple([share, share]).optional(),
  /** Chance with which the logging policy chose this arm, above 0 and at most 1. */
  propensity: z.number().positive().max(1).optional(),
  /** Kind of task; the same as `labels.task`. Never shown to a router. */
  label: z.string().optional(),
  /** Privileged facts about the question. Never shown to a router. */
  labels: z.record(z.string(), z.string()).optional(),
});

/** One record of the generic outcome format. */
export interface OutcomeRecord extends z.output<typeof outcomeRecordSchema> {}

/** Names of the fields that the format defines. */
export const OUTCOME_FIELDS: readonly string[] = Object.keys(outcomeRecordSchema.shape);

/**
 * Checks one record.
 *
 * @throws DataError naming the field: missing, of another kind (a number written as text, say), or out of range.
 */
export function parseOutcomeRecord(value: unknown, file: string, line: number): OutcomeRecord {
  const result = outcomeRecordSchema.safeParse(value);
  if (!result.success) throw recordError(result.error.issues, value, file, line);
  const record = result.data;
  const refuse = (field: string, problem: string, advice: string): DataError =>
    new DataError({ file, line, field }, problem, advice);
  if ((record.candidate === undefined) === (record.arm === undefined)) {
    const missing = `the field is missing${nearField("candidate", value)}`;
    const problem = record.arm === undefined ? missing : "the record has a candidate and an arm";
    throw refuse("candidate", problem, "give either `candidate` or `arm`");
  }
  if (record.arm !== undefined && record.settings !== undefined) {
    throw refuse("settings", "the record has an arm and settings", "write the settings inside the arm");
  }
  if (record.score === undefined && (record.status ?? "ok") === "ok") {
    const advice = 'give a score from 0 to 1, `null` where it was not run, or a status such as "failed"';
    throw refuse("score", `the field is missing${nearField("score", value)}`, advice);
  }
  return record;
}

/** Name of the file format. */
export type OutcomeFormat = "jsonl" | "csv";

function recordError(issues: readonly z.core.$ZodIssue[], value: unknown, file: string, line: number): DataError {
  const issue = issues[0];
  const field = issue?.path.map(String).join(".") ?? "";
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more fields)` : "";
  const location = field === "" ? { file, line } : { file, line, field };
  const got = valueAt(value, issue?.path ?? []);
  const wanted = (issue?.message ?? "invalid").replace(/^Invalid input: /, "");
  if (got === undefined && field !== "") {
    return new DataError(location, `the field is missing${nearField(field, value)}${more}`, "add it");
  }
  return new DataError(location, `got ${quoteValue(got)}${more}`, wanted);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (node, step) =>
      typeof node === "object" && node !== null ? (node as Record<PropertyKey, unknown>)[step] : undefined,
    value,
  );
}

/** `; is "scores" meant?` for a record with an unknown field of nearly that name, else its field names. */
function nearField(field: string, value: unknown): string {
  if (typeof value !== "object" || value === null) return "";
  const unknown = Object.keys(value).filter((name) => !OUTCOME_FIELDS.includes(name));
  const near = closestName(field, unknown);
  return near === undefined
    ? `; the record has ${Object.keys(value)
        .map((name) => quoteValue(name, 30))
        .join(", ")
        .slice(0, 200)}`
    : `; is ${quoteValue(near)} meant?`;
}
