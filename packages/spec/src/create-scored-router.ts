import { type Arm, armLabel } from "./arm.ts";
import { decideByScores } from "./decide-by-scores.ts";
import { HapsError } from "./errors.ts";
import { legalArms } from "./legal-arms.ts";
import type { Pool } from "./pool.ts";
import type { Decision, Router, RoutingRequest } from "./router.ts";

/** What a router says about the arms for one request. */
export interface ArmScores {
  /** One per arm, higher is better; `NaN` leaves an arm out. At least one legal arm needs a score. */
  readonly scores: ArrayLike<number>;
  /** Arm to choose instead of the best-scored one; must be legal and have a score. */
  readonly chosen?: number;
  /** Arm that advantages are relative to. */
  readonly reference?: number;
  /** One sentence for people. Default: names the chosen arm and its score. */
  readonly reason?: string;
}

/** What {@link createScoredRouter} makes a router from. */
export interface ScoredRouterOptions {
  readonly id: string;
  /** The pool that the router was trained with. */
  readonly pool: Pool;
  /** All arms that it may choose, in the order of the scores. */
  readonly arms: readonly Arm[];
  /** Scores are divided by it before the softmax that gives probabilities, > 0. Default 0.1. */
  readonly temperature?: number;
  /**
   * Scores the arms for every request, in order. `legal[request][arm]` says what may be chosen; scores of other arms are
   * not looked at. Must not depend on which requests stand beside each other.
   */
  score(
    requests: readonly RoutingRequest[],
    legal: readonly (readonly boolean[])[],
  ): readonly ArmScores[] | Promise<readonly ArmScores[]>;
  /** Frees what the router holds; called at most once. */
  dispose?(): void;
}

/**
 * Makes a whole router out of a function that scores arms, keeping the promises of {@link Router}: masks, refusals,
 * ranking, marginals, abortion and disposal.
 *
 * @returns A router whose `route` rejects with code `disposed` after `dispose`, `unknown-candidate` or `config` as
 *   {@link legalArms}, `config` or `non-finite` as {@link decideByScores}, `state` when `score` gives another number of
 *   results than there are requests, and with the signal's reason when it is aborted.
 *
 * @example
 * ```ts
 * const arms = [singleRoleArm("small"), singleRoleArm("large")];
 * const pool: Pool = { candidates: [{ id: "small", weights: "open", parameters: {} }, { id: "large", weights: "open", parameters: {} }] };
 * const router = createScoredRouter({
 *   id: "by-length",
 *   pool,
 *   arms,
 *   score: (requests) => requests.map(({ question }) => ({ scores: [0.5, question.text.length / 100] })),
 * });
 * const task = { id: "qa", description: "Answer.", roles: [{ id: "answerer", description: "Answers." }] };
 * const [decision] = await router.route([{ question: { id: "1", text: "Why?" }, task, pool }]);
 * console.assert(decision?.roles.answerer?.candidate === "small");
 * ```
 */
export function createScoredRouter(options: ScoredRouterOptions): Router {
  const { id, pool, arms, temperature = 0.1 } = options;
  let disposed = false;
  const assertAlive = (): void => {
    if (!disposed) return;
    throw new HapsError("disposed", `route: router ${JSON.stringify(id)} was disposed; make a new one`, { router: id });
  };
  return {
    contractVersion: 1,
    id,
    async route(requests, { signal } = {}) {
      assertAlive();
      signal?.throwIfAborted();
      const legal = requests.map((request) => legalArms(request, pool, arms));
      const results = await options.score(requests, legal);
      signal?.throwIfAborted();
      assertCount(id, results.length, requests.length);
      return requests.map((request, index) =>
        decide(request, results[index] as ArmScores, legal[index] as boolean[], { id, arms, temperature }),
      );
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      options.dispose?.();
    },
  };
}

function decide(
  request: RoutingRequest,
  result: ArmScores,
  legal: readonly boolean[],
  { id, arms, temperature }: { readonly id: string; readonly arms: readonly Arm[]; readonly temperature: number },
): Decision {
  const scores = arms.map((_, arm) => (legal[arm] === true ? (result.scores[arm] ?? Number.NaN) : Number.NaN));
  const decision = decideByScores({
    request,
    arms,
    scores,
    temperature,
    router: { id },
    reason: result.reason ?? "",
    ...(result.chosen === undefined ? {} : { chosen: result.chosen }),
    ...(result.reference === undefined ? {} : { reference: result.reference }),
  });
  if (result.reason !== undefined) return decision;
  const chosen = arms[result.chosen ?? bestOf(scores)] as Arm;
  return { ...decision, reason: `${armLabel(chosen)} scores best of ${decision.total} arms.` };
}

function bestOf(scores: readonly number[]): number {
  let best = -1;
  scores.forEach((score, arm) => {
    if (!Number.isNaN(score) && (best < 0 || score > (scores[best] as number))) best = arm;
  });
  return best;
}

function assertCount(id: string, got: number, expected: number): void {
  if (got === expected) return;
  throw new HapsError(
    "state",
    `route: router ${JSON.stringify(id)} scored ${got} requests; expected ${expected}, one result per request; check its score()`,
    { router: id, got, expected },
  );
}
