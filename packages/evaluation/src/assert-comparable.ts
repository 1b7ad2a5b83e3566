import { HapsError, type OutcomeTable } from "@haps/spec";

/**
 * Refuses outcomes on which methods cannot be compared by looking up the cell that they choose.
 *
 * In a log, a choice has an outcome only where it equals the logged one; the mean over those questions depends on who
 * logged. Comparable is a table in which more than half of the recorded questions have outcomes of several arms, and
 * that is no log (`propensity`) unless all its cells are recorded. A table with one arm leaves nothing to choose.
 *
 * @param operation - Named in the message.
 * @throws HapsError code `data` for a log; fact `oneArmShare`, the share of recorded questions with one recorded arm.
 *
 * Source: L. Li, W. Chu, J. Langford and X. Wang, Unbiased Offline Evaluation of Contextual-bandit-based News Article
 * Recommendation Algorithms (2011): matching choices with a log is sound for uniformly random logs only.
 *
 * @example
 * ```ts
 * import { assertComparable } from "@haps/evaluation";
 * import { singleRoleArm } from "@haps/spec";
 * const log = {
 *   id: "log",
 *   task: { id: "qa", description: "Answer.", roles: [{ id: "answerer", description: "answers" }] },
 *   pool: { candidates: ["small", "large"].map((id) => ({ id, weights: "closed" as const, parameters: {} })) },
 *   rows: [{ question: { id: "q0", text: "Why?" }, group: "g0", labels: {} }],
 *   arms: [singleRoleArm("small"), singleRoleArm("large")],
 *   score: Float64Array.of(1, Number.NaN),
 *   samples: Float64Array.of(1, 0),
 *   hash: "log",
 *   warnings: [],
 * };
 * let refused = false;
 * try {
 *   assertComparable("example", log);
 * } catch {
 *   refused = true;
 * }
 * console.assert(refused);
 * ```
 */
export function assertComparable(operation: string, table: OutcomeTable): void {
  const arms = table.arms.length;
  if (arms < 2) return;
  const recorded = table.rows.map(
    (_, row) => table.score.subarray(row * arms, (row + 1) * arms).filter((score) => !Number.isNaN(score)).length,
  );
  const questions = recorded.filter((count) => count > 0).length;
  if (questions === 0) return;
  const oneArmShare = recorded.filter((count) => count === 1).length / questions;
  const logged = table.propensity !== undefined && recorded.some((count) => count < arms);
  if (oneArmShare < 0.5 && !logged) return;
  const percent = `${(100 * oneArmShare).toFixed(1)}% of the questions with one recorded arm`;
  throw new HapsError(
    "data",
    `${operation}: methods cannot be compared on a log of chosen arms: a choice has an outcome only where it equals the logged one; got ${percent}${logged ? " and `propensity`" : ""}, expected a table in which most questions have outcomes of several arms; record the other arms for a sample of the questions and evaluate on those (training on the log works)`,
    { oneArmShare, propensity: table.propensity !== undefined },
  );
}
