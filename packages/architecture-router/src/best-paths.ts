import { createPriorityQueue } from "./priority-queue.ts";
import { compareRank, ranksBefore, type ScoredAssignment } from "./ranked-assignment.ts";

/** Log-probabilities of all candidates for the next role after a prefix of choices; `-Infinity` for illegal ones. */
export type NextLogProbs = (prefix: readonly number[]) => ArrayLike<number>;

/** How far {@link bestPaths} searches. */
export interface PathSearch {
  /** Number of roles. */
  readonly roles: number;
  readonly limit: number;
  /** Prefixes that the exact search may expand before the beam takes over. */
  readonly expansions: number;
  /** Prefixes of one length that the beam keeps. */
  readonly beam: number;
}

/**
 * The best `limit` assignments of a distribution over paths, best first, without listing all of them.
 *
 * Best-first search: a prefix is at least as probable as each of its completions, so complete assignments leave the queue in
 * their true order. Flat distributions over many roles would make it visit almost every prefix; after `expansions` of them
 * the rest of the list comes from a beam search. Its log-probabilities are exact too, but a better assignment may be missing.
 */
export function bestPaths(next: NextLogProbs, search: PathSearch): ScoredAssignment[] {
  const queue = createPriorityQueue<ScoredAssignment>(ranksBefore);
  queue.push({ assignment: [], logProb: 0 });
  const best: ScoredAssignment[] = [];
  let expanded = 0;
  while (best.length < search.limit) {
    const node = queue.pop();
    if (node === undefined) return best;
    if (node.assignment.length === search.roles) {
      best.push(node);
      continue;
    }
    if (expanded === search.expansions) return completeByBeam(next, search, best);
    expanded += 1;
    for (const child of children(node, next)) queue.push(child);
  }
  return best;
}

function completeByBeam(
  next: NextLogProbs,
  search: PathSearch,
  found: readonly ScoredAssignment[],
): ScoredAssignment[] {
  let frontier: ScoredAssignment[] = [{ assignment: [], logProb: 0 }];
  for (let role = 0; role < search.roles; role += 1) {
    const width = role === search.roles - 1 ? search.limit : Math.max(search.beam, search.limit);
    frontier = frontier
      .flatMap((node) => children(node, next))
      .sort(compareRank)
      .slice(0, width);
  }
  const known = new Set(found.map(({ assignment }) => assignment.join()));
  const rest = frontier.filter(({ assignment }) => !known.has(assignment.join()));
  return [...found, ...rest].slice(0, search.limit);
}

function children(node: ScoredAssignment, next: NextLogProbs): ScoredAssignment[] {
  const logProbs = next(node.assignment);
  const result: ScoredAssignment[] = [];
  for (let candidate = 0; candidate < logProbs.length; candidate += 1) {
    const step = logProbs[candidate] as number;
    if (step === Number.NEGATIVE_INFINITY) continue;
    result.push({ assignment: [...node.assignment, candidate], logProb: node.logProb + step });
  }
  return result;
}
