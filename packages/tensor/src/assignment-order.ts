/**
 * Candidate index of every role of assignment number `code`: the order of all lists of assignments, role 0 most significant.
 *
 * @param code - Whole number in `[0, candidates ** roles)`.
 *
 * @example
 * ```ts
 * console.assert(assignmentOf(5, 2, 3).join() === "1,2");
 * ```
 */
export function assignmentOf(code: number, roles: number, candidates: number): number[] {
  const assignment = new Array<number>(roles);
  let rest = code;
  for (let role = roles - 1; role >= 0; role -= 1) {
    assignment[role] = rest % candidates;
    rest = Math.floor(rest / candidates);
  }
  return assignment;
}

/** Number of an assignment, the inverse of {@link assignmentOf}. */
export function assignmentCode(assignment: readonly number[], candidates: number): number {
  return assignment.reduce((code, candidate) => code * candidates + candidate, 0);
}

/** Every assignment of candidates to roles, in the order of {@link assignmentOf}. */
export function allAssignments(roles: number, candidates: number): number[][] {
  return Array.from({ length: candidates ** roles }, (_, code) => assignmentOf(code, roles, candidates));
}
