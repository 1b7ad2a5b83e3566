import type { FinishedStep } from "./step.ts";

/** Tests and steps in one count. */
export interface CheckCount {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Counts the tests that ran, plus each failed step as one failure: a step that failed through its tests counts them
 * alone. A step that could not run because another one failed is neither; a step skipped for a reason of its own counts
 * as skipped.
 */
export function countResults(steps: readonly FinishedStep[]): CheckCount {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const { outcome, tests, note } of steps) {
    count.passed += tests?.passed ?? 0;
    count.failed += tests?.failed ?? 0;
    count.skipped += tests?.skipped ?? 0;
    if (outcome === "failed" && (tests?.failed ?? 0) === 0) count.failed += 1;
    if (outcome === "skipped" && !note?.startsWith("needs ")) count.skipped += 1;
  }
  return count;
}

/** The last line of a check. */
export function countLine({ passed, failed, skipped }: CheckCount): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** One line for a finished step: name, result, seconds and what it covered. */
export function stepLine({ name, outcome, seconds, note }: FinishedStep): string {
  const time = `${seconds.toFixed(1)} s`;
  return `${name.padEnd(18)} ${outcome.padEnd(8)} ${time.padStart(8)}${note === undefined ? "" : `   ${note}`}`;
}

/** Every step with its time, longest share visible, and the wall-clock total. */
export function stepTable(steps: readonly FinishedStep[], totalSeconds: number): string {
  const rows = steps.map(stepLine);
  return [...rows, `${"total".padEnd(27)} ${`${totalSeconds.toFixed(1)} s`.padStart(8)}`].join("\n");
}
