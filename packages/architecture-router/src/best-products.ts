import { createPriorityQueue } from "./priority-queue.ts";
import { compareRank, ranksBefore, type ScoredAssignment } from "./ranked-assignment.ts";

interface Node extends ScoredAssignment {
  /** Per role the place of its candidate in that role's ranking. */
  readonly places: readonly number[];
}

/**
 * The best `limit` assignments when roles are independent, best first, without listing all of them.
 *
 * Every role is ranked on its own; a queue then walks the lattice of places from the best corner. A node's children raise
 * the place of its last raised role or of a later one, so that every assignment has one parent and is met once. Time is
 * `O(N K log K + limit N log(limit N))`.
 *
 * @param roles - Per role the legal candidates with their log-probabilities; none may be empty.
 *
 * Source: Huang and Chiang 2005, Better k-best parsing, algorithm 2 (a product of sorted lists), with unique parents.
 */
export function bestProducts(
  roles: readonly (readonly { readonly candidate: number; readonly logProb: number }[])[],
  limit: number,
): ScoredAssignment[] {
  const ranked = roles.map((choices) =>
    choices
      .map(({ candidate, logProb }) => ({ assignment: [candidate], logProb }))
      .sort(compareRank)
      .map(({ assignment: [candidate = 0], logProb }) => ({ candidate, logProb })),
  );
  const nodeAt = (places: readonly number[]): Node => {
    const chosen = places.map((place, role) => ranked[role]?.[place] as { candidate: number; logProb: number });
    return {
      places,
      assignment: chosen.map(({ candidate }) => candidate),
      logProb: chosen.reduce((sum, { logProb }) => sum + logProb, 0),
    };
  };
  const queue = createPriorityQueue<Node>(ranksBefore);
  queue.push(nodeAt(ranked.map(() => 0)));
  const best: ScoredAssignment[] = [];
  while (best.length < limit) {
    const node = queue.pop();
    if (node === undefined) break;
    best.push({ assignment: node.assignment, logProb: node.logProb });
    const lastRaised = node.places.findLastIndex((place) => place > 0);
    for (let role = Math.max(lastRaised, 0); role < ranked.length; role += 1) {
      const place = (node.places[role] as number) + 1;
      if (place < (ranked[role] as readonly unknown[]).length) queue.push(nodeAt(node.places.with(role, place)));
    }
  }
  return best;
}
