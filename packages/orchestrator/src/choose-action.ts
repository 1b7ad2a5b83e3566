import { indexOfBest } from "./index-of-best.ts";

/** What one decision is made from. */
export interface ActionScores {
  /** Estimated reward of every action, up to a constant. */
  readonly scores: ArrayLike<number>;
  /** Mean reward of every action on train. */
  readonly means: ArrayLike<number>;
  readonly open: readonly boolean[];
  /** Least estimated gain for leaving the reference; `Infinity`: never leave it. */
  readonly margin: number;
}

/** The chosen action, and the one that is taken when no gain is expected. */
export interface ActionChoice {
  readonly chosen: number;
  /** Best open action on train. */
  readonly reference: number;
}

/** The best-scored open action, if it is estimated above the best one on train by more than the margin; else that one. */
export function chooseAction({ scores, means, open, margin }: ActionScores): ActionChoice {
  const reference = indexOfBest(means, open);
  const best = indexOfBest(scores, open);
  if (reference === -1) return { chosen: best, reference: best };
  const gain = (scores[best] as number) - (scores[reference] as number);
  return { chosen: gain > margin ? best : reference, reference };
}

/** The same actions, restricted to those of one assignment. */
export function ofAssignment(
  open: readonly boolean[],
  assignments: readonly (readonly number[])[],
  assignment: string,
): readonly boolean[] {
  return open.map((isOpen, action) => isOpen && assignments[action]?.join() === assignment);
}

/** Distinct assignments of the open actions, in the order of the actions; for a high level that draws one at random. */
export function openAssignments(
  open: readonly boolean[],
  assignments: readonly (readonly number[])[],
): readonly string[] {
  return [...new Set(assignments.filter((_, action) => open[action]).map((assignment) => assignment.join()))];
}
