import { armKey } from "../arm.ts";
import { type Decision, decisionArm } from "../router.ts";
import { near } from "./contract-check.ts";

/** Whether two decisions choose the same arm. */
export function sameChoice(a: Decision, b: Decision): boolean {
  return armKey(decisionArm(a)) === armKey(decisionArm(b));
}

/**
 * Whether two decisions agree: the same arm exactly, probabilities within 1e-5. Ids are not compared, and arms of equal
 * probability may be ranked in another order.
 */
export function sameDecision(a: Decision, b: Decision): boolean {
  if (!sameChoice(a, b) || a.total !== b.total || a.ranking.length !== b.ranking.length) return false;
  const ranked = a.ranking.every(({ logProb }, place) => near(logProb, b.ranking[place]?.logProb ?? Number.NaN));
  const roles = Object.keys(a.marginals);
  const marginals = roles.every((role) => {
    const others = b.marginals[role] ?? [];
    return a.marginals[role]?.every((value, place) => near(value, others[place] ?? Number.NaN));
  });
  return ranked && marginals && roles.length === Object.keys(b.marginals).length;
}
