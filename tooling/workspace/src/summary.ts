import type { FinishedStep } from "./step.ts";
import type { TestCount } from "./test-count.ts";

/**
 * Counts what a check found: each test of a step that runs tests, each other step as one. A failed step whose tests all
 * passed is one failure. A step that could not run because another one failed is neither; a step skipped for a reason
 * of its own counts as skipped.
 */
export function countResults(steps: readonly FinishedStep[]): TestCount {
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const { outcome, tests, note } of steps) {
    count.passed += tests?.passed ?? (outcome === "passed" ? 1 : 0);
    count.failed += tests?.failed ?? 0;
    count.skipped += tests?.skipped ?? 0;
    if (outcome === "failed" && (tests?.failed ?? 0) === 0) count.failed += 1;
    if (outcome === "skipped" && !note?.startsWith("needs ")) count.skipped += 1;
  }
  return count;
}

/** The last line of a check. */
export function countLine({ passed, failed }: TestCount): string {
  return `${passed} passed, ${failed} failed`;
}

/** One line for a finished step: name, result, seconds and what it covered. */
export function stepLine({ name, outcome, seconds, note }: FinishedStep): string {
  const time = `${seconds.toFixed(1)} s`;
  return `${name.padEnd(16)} ${outcome.padEnd(8)} ${time.padStart(8)}${note === undefined ? "" : `   ${note}`}`;
}
