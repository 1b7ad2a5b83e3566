import { createHash } from "node:crypto";
import type { Outcome } from "@haps/spec";
import { z } from "zod";
import { parseWritten } from "../parse-written.ts";

const usageSchema = z.strictObject({
  candidate: z.string(),
  calls: z.int().nonnegative(),
  inputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
});

const share = z.number().min(0).max(1);

const baseShape = {
  questionId: z.string(),
  /** Place of the assignment among the arms of the run. */
  arm: z.int().nonnegative(),
  perRole: z.record(z.string(), usageSchema),
  cost: z.strictObject({ amount: z.number().nonnegative(), currency: z.string() }).optional(),
};

/** Schema of {@link SampledOutcome}. */
export const sampledOutcomeSchema = z.discriminatedUnion("status", [
  z.strictObject({
    ...baseShape,
    status: z.enum(["ok", "no-answer"]),
    answer: z.string().nullable(),
    score: share,
    scores: z.record(z.string(), share),
  }),
  z.strictObject({
    ...baseShape,
    status: z.literal("failed"),
    failure: z.strictObject({ code: z.string(), message: z.string() }),
  }),
  z.strictObject({ ...baseShape, status: z.literal("not-recorded") }),
]);

/** What came of one question with one assignment, as it is kept: an outcome without its calls. */
export type SampledOutcome = z.output<typeof sampledOutcomeSchema>;

/** Where a trial belongs. */
export interface TrialPlace {
  readonly questionId: string;
  readonly arm: number;
}

/** What is kept of an outcome. */
export function sampledOutcome(outcome: Outcome, { questionId, arm }: TrialPlace): SampledOutcome {
  const { trialId: _, calls: __, cost, ...rest } = outcome;
  return { questionId, arm, ...rest, ...(cost === undefined ? {} : { cost }) };
}

/** Outcomes as JSON Lines. */
export function encodeOutcomes(outcomes: readonly SampledOutcome[]): Uint8Array {
  return new TextEncoder().encode(outcomes.map((outcome) => `${JSON.stringify(outcome)}\n`).join(""));
}

/**
 * Reads what {@link encodeOutcomes} wrote.
 *
 * @throws DataError naming the file.
 */
export function decodeOutcomes(bytes: Uint8Array, file: string): readonly SampledOutcome[] {
  const lines = new TextDecoder().decode(bytes).split("\n").slice(0, -1);
  const advice = "restore it from a copy, or sample anew";
  return lines.map((line) => parseWritten(sampledOutcomeSchema, JSON.parse(line) as unknown, { file, advice }));
}

/** SHA-256 in hexadecimal. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
