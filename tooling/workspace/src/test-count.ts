import { existsSync, readFileSync } from "node:fs";

/** How many tests a run counted. */
export interface TestCount {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What is read of the report that vitest's `json` reporter writes. */
interface TestReport {
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/**
 * Counts the tests of a vitest JSON report. A file that failed without a failed test (it does not load, or a hook
 * threw) counts as one failure, so that no broken file goes unseen.
 *
 * @returns undefined where there is no report: the run ended before it could write one.
 */
export function readTestCount(path: string): TestCount | undefined {
  if (!existsSync(path)) return undefined;
  const { testResults } = JSON.parse(readFileSync(path, "utf8")) as TestReport;
  const count = { passed: 0, failed: 0, skipped: 0 };
  for (const { status, assertionResults } of testResults) {
    let failedHere = 0;
    for (const test of assertionResults) {
      if (test.status === "passed") count.passed += 1;
      else if (test.status === "failed") failedHere += 1;
      else count.skipped += 1;
    }
    count.failed += status === "failed" ? Math.max(failedHere, 1) : failedHere;
  }
  return count;
}
