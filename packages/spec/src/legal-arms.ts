import type { Arm } from "./arm.ts";
import { closestName } from "./closest-name.ts";
import { HapsError } from "./errors.ts";
import type { Pool } from "./pool.ts";
import type { RoutingRequest } from "./router.ts";

/**
 * Which of the arms a router was trained with it may choose for a request: those whose candidates all stand in the
 * request's pool and are not excluded.
 *
 * @param trained - The pool that the router was trained with.
 * @param arms - The arms to judge, in the caller's order.
 * @returns One entry per arm, at least one of them true.
 * @throws HapsError code `unknown-candidate` when the request's pool names a candidate outside `trained`; code `config`
 *   when its cost weight is no finite number >= 0, or when no arm is left.
 *
 * @example
 * ```ts
 * const pool: Pool = { candidates: [{ id: "small", weights: "open", parameters: {} }] };
 * const task = { id: "qa", description: "Answer.", roles: [{ id: "answerer", description: "Answers." }] };
 * const request = { question: { id: "1", text: "Why?" }, task, pool };
 * console.assert(legalArms(request, pool, [singleRoleArm("small")])[0] === true);
 * ```
 */
export function legalArms(request: RoutingRequest, trained: Pool, arms: readonly Arm[]): boolean[] {
  assertCostWeight(request);
  const known = trained.candidates.map((candidate) => candidate.id);
  const open = new Set<string>();
  for (const { id } of request.pool.candidates) {
    if (!known.includes(id)) throw unknownCandidate(id, known);
    open.add(id);
  }
  for (const id of request.exclude ?? []) open.delete(id);
  const legal = arms.map((arm) => Object.values(arm).every((choice) => open.has(choice.candidate)));
  if (legal.includes(true)) return legal;
  throw new HapsError(
    "config",
    `route: nothing is left to choose for question ${JSON.stringify(request.question.id)}; got ${open.size} open candidates, expected those of at least one of ${arms.length} arms; widen the pool or exclude fewer`,
    { questionId: request.question.id, open: [...open], excluded: request.exclude ?? [] },
  );
}

function assertCostWeight(request: RoutingRequest): void {
  const { costWeight = 0 } = request;
  if (Number.isFinite(costWeight) && costWeight >= 0) return;
  throw new HapsError(
    "config",
    `route: costWeight is ${costWeight}; expected a finite number >= 0; use 0 for quality only`,
    { costWeight, questionId: request.question.id },
  );
}

function unknownCandidate(id: string, known: readonly string[]): HapsError {
  const suggestion = closestName(id, known);
  const advice = suggestion === undefined ? "retrain with it" : `did you mean ${JSON.stringify(suggestion)}?`;
  return new HapsError(
    "unknown-candidate",
    `route: candidate ${JSON.stringify(id)} was not trained with; expected some of ${known.join(", ")}; ${advice}`,
    { candidate: id, known },
  );
}
