import { quoteValue } from "@haps/spec";

/** One field in which two JSON values differ. */
export interface JsonDifference {
  /** Dotted path, empty for the whole. */
  readonly path: string;
  /** Value in the first, `undefined` where it is missing. */
  readonly before: unknown;
  /** Value in the second, `undefined` where it is missing. */
  readonly after: unknown;
}

/** Every leaf in which two JSON values differ, in the order of their keys. */
export function jsonDifferences(before: unknown, after: unknown, path = ""): JsonDifference[] {
  if (isBranch(before) && isBranch(after) && Array.isArray(before) === Array.isArray(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => jsonDifferences(before[key], after[key], path === "" ? key : `${path}.${key}`));
  }
  return Object.is(before, after) ? [] : [{ path, before, after }];
}

/** `optimizer.rate: 0.1 is now 0.2; ...`, at most eight fields. */
export function describeDifferences(differences: readonly JsonDifference[]): string {
  const shown = differences
    .slice(0, 8)
    .map(
      ({ path, before, after }) =>
        `${path === "" ? "(top level)" : path}: ${shownValue(before)} is now ${shownValue(after)}`,
    );
  const rest = differences.length - shown.length;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join(", ");
}

function shownValue(value: unknown): string {
  return value === undefined ? "(absent)" : quoteValue(value);
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
