import type { TestCount } from "./test-count.ts";

/** What came of one step. */
export interface StepResult {
  readonly outcome: "passed" | "failed" | "skipped";
  /** Shown in full when the step failed. */
  readonly output: string;
  /** A few words shown beside the name: what was covered, or why it was skipped. */
  readonly note?: string;
  /** Results of single tests, for steps that run tests. */
  readonly tests?: TestCount;
}

/** One check of `npm test`. */
export interface Step {
  readonly name: string;
  /** Steps that must have passed before; when one did not, this one is skipped with that reason. */
  readonly needs?: readonly string[];
  /** How many processor cores it keeps busy; default 1. */
  readonly cores?: number;
  run(): Promise<StepResult>;
}

/** A finished step with its wall-clock time. */
export interface FinishedStep extends StepResult {
  readonly name: string;
  readonly seconds: number;
}
