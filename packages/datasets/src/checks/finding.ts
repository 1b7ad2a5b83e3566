/** `error`: numbers from this table are wrong; `warning`: they may be; `note`: good to know. */
export type FindingSeverity = "error" | "warning" | "note";

/** Every kind of finding. Adding one is a minor release. */
export type FindingCode =
  | "arm-never-run"
  | "broken-records"
  | "constant-arm"
  | "contradicting-rows"
  | "cost-missing"
  | "cost-negative"
  | "cost-scale"
  | "cost-unit-unknown"
  | "cost-zero"
  | "duplicate-texts"
  | "empty-cells"
  | "mixed-currencies"
  | "no-propensity"
  | "question-never-run"
  | "repeated-records"
  | "score-out-of-range"
  | "shared-texts"
  | "source-warning"
  | "swapped-columns"
  | "swaps-untested"
  | "twin-arms"
  | "unreadable"
  | "wrong-size";

/** One thing found in a table or a file. */
export interface Finding {
  readonly severity: FindingSeverity;
  /** Stable and machine-readable. */
  readonly code: FindingCode;
  /** What was found and what to do. */
  readonly message: string;
  /** The numbers and names behind the message; plain JSON. */
  readonly facts: Readonly<Record<string, unknown>>;
}

const ORDER: Readonly<Record<FindingSeverity, number>> = { error: 0, warning: 1, note: 2 };

/** Errors first, then warnings, then notes; otherwise as given. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
}

/** The first few of a list, for facts. */
export function examplesOf<T>(items: Iterable<T>, limit = 5): readonly T[] {
  return Array.from(items).slice(0, limit);
}

/** `12 of 40 (30.0%)`. */
export function shareOf(part: number, whole: number): string {
  return `${part} of ${whole} (${((100 * part) / Math.max(whole, 1)).toFixed(1)}%)`;
}
