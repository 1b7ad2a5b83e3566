import type { Arm } from "../arm.ts";
import { createScoredRouter } from "../create-scored-router.ts";
import type { Pool } from "../pool.ts";
import type { Router } from "../router.ts";
import type { Question } from "../task.ts";

/** What {@link createFixedRouter} answers with. */
export interface FixedRouterOptions {
  readonly pool: Pool;
  readonly arms: readonly Arm[];
  /** One score per arm, the same for every question or computed from it; higher is better, `NaN` leaves an arm out. */
  readonly scores: readonly number[] | ((question: Question) => readonly number[]);
  /** Default `fixed`. */
  readonly id?: string;
}

/**
 * A router whose scores are given: a stand-in for tests of what uses routers. It keeps every promise of the contract.
 *
 * @example
 * ```ts
 * const { pool, arms, task } = makeTestTable();
 * const router = createFixedRouter({ pool, arms, scores: [0.1, 0.9, 0.2, 0.3] });
 * const [decision] = await router.route([{ question: { id: "1", text: "Why?" }, task, pool }]);
 * console.assert(decision?.roles.answerer?.settings.prompt === "steps");
 * ```
 */
export function createFixedRouter(options: FixedRouterOptions): Router {
  const { pool, arms, scores, id = "fixed" } = options;
  return createScoredRouter({
    id,
    pool,
    arms,
    score: (requests) =>
      requests.map(({ question }) => ({ scores: typeof scores === "function" ? scores(question) : scores })),
  });
}
