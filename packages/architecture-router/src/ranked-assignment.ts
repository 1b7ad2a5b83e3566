/** An assignment with its log-probability. */
export interface ScoredAssignment {
  /** Candidate index of every role. */
  readonly assignment: readonly number[];
  /** Natural logarithm, <= 0. */
  readonly logProb: number;
}

/** Order of rankings: more probable first, then the lexicographically smaller assignment. */
export function ranksBefore(left: ScoredAssignment, right: ScoredAssignment): boolean {
  if (left.logProb !== right.logProb) return left.logProb > right.logProb;
  const length = Math.min(left.assignment.length, right.assignment.length);
  for (let role = 0; role < length; role += 1) {
    const difference = (left.assignment[role] as number) - (right.assignment[role] as number);
    if (difference !== 0) return difference < 0;
  }
  return left.assignment.length < right.assignment.length;
}

/** For `Array.sort`, by {@link ranksBefore}. */
export function compareRank(left: ScoredAssignment, right: ScoredAssignment): number {
  if (ranksBefore(left, right)) return -1;
  return ranksBefore(right, left) ? 1 : 0;
}
