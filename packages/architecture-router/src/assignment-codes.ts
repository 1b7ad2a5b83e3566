import { HapsError } from "@haps/spec";

/** Most assignments that are ever listed in one tensor row. */
export const LISTING_LIMIT = 4096;

/** Candidate index of every role of assignment number `code`, role 0 most significant. */
export function assignmentOf(code: number, roles: number, candidates: number): number[] {
  const assignment = new Array<number>(roles);
  let rest = code;
  for (let role = roles - 1; role >= 0; role -= 1) {
    assignment[role] = rest % candidates;
    rest = Math.floor(rest / candidates);
  }
  return assignment;
}

/** Number of an assignment, role 0 most significant. */
export function assignmentCode(assignment: readonly number[], candidates: number): number {
  return assignment.reduce((code, candidate) => code * candidates + candidate, 0);
}

/** Choices for the first roles of every length below `roles`: shorter ones first, then in the order of their numbers. */
export function allPrefixes(roles: number, candidates: number): number[][] {
  return Array.from({ length: roles }, (_, role) =>
    Array.from({ length: candidates ** role }, (_unused, code) => assignmentOf(code, role, candidates)),
  ).flat();
}

/** Refuses to list more than {@link LISTING_LIMIT} assignments; code `config`. */
export function assertListable(roles: number, candidates: number): void {
  const assignments = candidates ** roles;
  if (assignments <= LISTING_LIMIT) return;
  throw new HapsError(
    "config",
    `AssignmentDistribution.allLogProbs: ${candidates} candidates in ${roles} roles make ${assignments} assignments; expected at most ${LISTING_LIMIT}; use logProb, sample or top, and "reinforce" in place of "expected"`,
    { assignments, limit: LISTING_LIMIT },
  );
}
