import { HapsError } from "@haps/spec";
import { allAssignments } from "@haps/tensor";

/** Most assignments that are ever listed in one tensor row. */
export const LISTING_LIMIT = 4096;

/** Choices for the first roles of every length below `roles`: shorter ones first, then in the order of their numbers. */
export function allPrefixes(roles: number, candidates: number): number[][] {
  return Array.from({ length: roles }, (_, role) => allAssignments(role, candidates)).flat();
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
