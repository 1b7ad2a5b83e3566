import { z } from "zod";
import type { StudyConfig } from "./study-config.ts";

/** One method with one seed: what a process trains and evaluates on its own. */
export interface StudyUnit {
  readonly method: string;
  readonly seed: number;
  /** A live method, or a router on outcomes of the base models. */
  readonly kind: "live" | "router";
}

/** Name of a unit, usable as a file name. */
export function unitName({ method, seed }: Pick<StudyUnit, "method" | "seed">): string {
  return `${method}.seed-${seed}`;
}

/** All units of a study, those of one seed together, the main method first. */
export function planUnits(config: StudyConfig, seeds: readonly number[]): readonly StudyUnit[] {
  return seeds.flatMap((seed, place) => [
    ...Object.entries(config.methods)
      .filter(([, { seeds: own }]) => own === undefined || place < own)
      .map(([method]): StudyUnit => ({ method, seed, kind: "live" })),
    ...config.routers.map((method): StudyUnit => ({ method, seed, kind: "router" })),
  ]);
}

const splitSchema = z.strictObject({
  /** Score of every question, in the order of the split; `null` where its trial failed. */
  score: z.array(z.number().nullable()),
  cost: z.array(z.number().nullable()),
  /** Code of the assignment of every question, in the order of `allAssignments`. */
  assignment: z.array(z.int().nonnegative()),
});

/** Schema of {@link UnitRecord}. */
export const unitRecordSchema = z.strictObject({
  schemaVersion: z.literal(1),
  method: z.string(),
  seed: z.int(),
  /** β that decisions were made with. */
  costWeight: z.number(),
  /** Which of several untrained generators was the best on valid. */
  draw: z.int().nonnegative().exactOptional(),
  valid: splitSchema,
  test: splitSchema,
  /** Looks at valid during joint training; empty where there was none. */
  curve: z.array(z.strictObject({ step: z.int(), score: z.number(), cost: z.number().nullable() })),
  /** What the generated weights did, by name; `null` where it cannot be said. */
  diagnostics: z.record(z.string(), z.number().nullable()),
});

/** What came of one split: plain JSON. */
export interface SplitRecord extends z.output<typeof splitSchema> {}
/** What came of a unit; holds no times, so that a resumed study ends in the same bytes. */
export interface UnitRecord extends z.output<typeof unitRecordSchema> {}
