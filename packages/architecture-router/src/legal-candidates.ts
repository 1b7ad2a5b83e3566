import { HapsError, ShapeError } from "@haps/spec";

/** Per row and candidate whether it may be chosen: `[batch][candidate]`. */
export type LegalCandidates = readonly (readonly boolean[])[];

/**
 * Checks a mask of legal candidates; an absent one allows everything.
 *
 * @throws ShapeError when it is not `[batch][candidates]`; HapsError code `config` when a row allows nothing.
 */
export function checkLegal(
  legal: LegalCandidates | undefined,
  batch: number,
  candidates: number,
  operation = "AssignmentHead.forward",
): LegalCandidates {
  if (legal === undefined) {
    const everything = new Array<boolean>(candidates).fill(true);
    return Array.from({ length: batch }, () => everything);
  }
  if (legal.length !== batch) {
    throw new ShapeError(operation, "legal", `[${batch}][${candidates}]`, [legal.length]);
  }
  legal.forEach((row, index) => {
    if (row.length !== candidates) {
      throw new ShapeError(operation, `legal[${index}]`, `[${candidates}]`, [row.length]);
    }
    if (row.includes(true)) return;
    throw new HapsError(
      "config",
      `${operation}: row ${index} allows none of ${candidates} candidates; expected at least one; exclude fewer`,
      { row: index, candidates },
    );
  });
  return legal;
}

/**
 * Refuses assignments that do not belong to the batch or that the mask forbids.
 *
 * @throws ShapeError for another number of rows or roles; HapsError code `unknown-candidate` for an index that is no legal
 * candidate of its row.
 */
export function checkAssignments(
  assignments: readonly (readonly number[])[],
  legal: LegalCandidates,
  roles: number,
): void {
  if (assignments.length !== legal.length) {
    throw new ShapeError("AssignmentDistribution.logProb", "assignments", `[${legal.length}][${roles}]`, [
      assignments.length,
    ]);
  }
  assignments.forEach((assignment, row) => {
    if (assignment.length !== roles) {
      throw new ShapeError("AssignmentDistribution.logProb", `assignments[${row}]`, `[${roles}]`, [assignment.length]);
    }
    assignment.forEach((candidate, role) => {
      if (legal[row]?.[candidate] === true) return;
      throw new HapsError(
        "unknown-candidate",
        `AssignmentDistribution.logProb: candidate ${candidate} of role ${role} in row ${row} is not legal there; choose among those that the request's pool allows`,
        { row, role, candidate },
      );
    });
  });
}
