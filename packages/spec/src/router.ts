import type { Arm, ArmChoice } from "./arm.ts";
import type { Pool } from "./pool.ts";
import type { CandidateId, Question, RoleId, Task } from "./task.ts";

/** Options of every long or remote operation. */
export interface Abortable {
  readonly signal?: AbortSignal;
}

/** One question to route. */
export interface RoutingRequest {
  readonly question: Question;
  readonly task: Task;
  /** A subset of the pool that the router was trained with; absent candidates are masked, unknown ones refused. */
  readonly pool: Pool;
  /** Weight of normalised cost against quality, >= 0. Default 0: quality only. */
  readonly costWeight?: number;
  /** Candidates that must not be chosen for this question. */
  readonly exclude?: readonly CandidateId[];
}

/** The choice for one role. */
export interface RoleChoice extends ArmChoice {
  /** Probability of this candidate for this role under the router, 0 to 1. */
  readonly probability: number;
}

/** One legal arm with its log-probability under the router's full distribution (softmax at temperature 1). */
export interface RankedAssignment {
  readonly arm: Arm;
  /** Natural logarithm, <= 0; `-Infinity` never occurs. */
  readonly logProb: number;
  /** Estimated reward minus that of the router's reference arm, where the router estimates one. */
  readonly advantage?: number;
}

/** Who decided, for audits. */
export interface RouterInfo {
  readonly id: string;
  /** Hash of the checkpoint or of the configuration, where there is one. */
  readonly hash?: string;
}

/** The chosen arm, its ranked alternatives and why. */
export interface Decision {
  readonly questionId: string;
  readonly roles: Readonly<Record<RoleId, RoleChoice>>;
  /** Best first, at most 16; `ranking[0]` need not be the chosen arm when shrinkage held the choice back. */
  readonly ranking: readonly RankedAssignment[];
  /** Number of legal arms that were ranked over. */
  readonly total: number;
  /** For every role the probability of each candidate, in the order of the request's pool; sums to 1. */
  readonly marginals: Readonly<Record<RoleId, readonly number[]>>;
  /** One sentence for people. */
  readonly reason: string;
  readonly router: RouterInfo;
}

/**
 * Chooses an arm for every question.
 *
 * Implementations promise: one decision per request, in order; the same requests give the same decisions; neither the
 * batch nor the order of the pool changes a decision; only text and context of a question count; arguments are left
 * untouched; `route` after `dispose` rejects with code `disposed`, on an aborted signal with its reason; a candidate that
 * was not trained with is refused with code `unknown-candidate`, a request that leaves nothing to choose or has a negative
 * cost weight with code `config`. `describeRouterContract` of `@haps/spec/testing` checks all of it.
 */
export interface Router {
  readonly contractVersion: 1;
  readonly id: string;
  /** One decision per request, in order; rejects with the reason of an aborted signal. */
  route(requests: readonly RoutingRequest[], options?: Abortable): Promise<readonly Decision[]>;
  /** Frees what the router holds; may be called twice. */
  dispose(): void;
}

/** The arm of a decision without probabilities. */
export function decisionArm(decision: Decision): Arm {
  return Object.fromEntries(
    Object.entries(decision.roles).map(([role, { candidate, settings }]) => [role, { candidate, settings }]),
  );
}
