import type { Arm } from "./arm.ts";
import { HapsError } from "./errors.ts";
import type { Decision, RankedAssignment, RoleChoice, RouterInfo, RoutingRequest } from "./router.ts";

/** Alternatives that a decision lists. */
const RANKING_LIMIT = 16;

/** What {@link decideByScores} turns into a decision. */
export interface ScoredArms {
  readonly request: RoutingRequest;
  /** Arms that may be ranked, with their scores in the same order; all of one task. */
  readonly arms: readonly Arm[];
  /** One per arm; `NaN` leaves an arm out. */
  readonly scores: ArrayLike<number>;
  /** Scores are divided by it before the softmax, > 0. */
  readonly temperature: number;
  /** Arm to choose instead of the best-scored one. */
  readonly chosen?: number;
  /** Arm that advantages are relative to; they are left out when it is absent or its score is `NaN`. */
  readonly reference?: number;
  readonly router: RouterInfo;
  /** One sentence for people. */
  readonly reason: string;
}

/**
 * Makes a decision out of one score per arm: the way to answer a request in a router of one's own.
 *
 * `P(arm) = softmax(score / temperature)` over the arms with a score; the best is chosen, the first of equals.
 *
 * @throws HapsError code `config` when no arm has a score or the temperature is not positive; code `non-finite` for an
 *   infinite score.
 *
 * @example
 * ```ts
 * const arms = [singleRoleArm("small"), singleRoleArm("large")];
 * const pool: Pool = { candidates: [{ id: "small", weights: "open", parameters: {} }, { id: "large", weights: "open", parameters: {} }] };
 * const task = { id: "qa", description: "Answer.", roles: [{ id: "answerer", description: "Answers." }] };
 * const request = { question: { id: "1", text: "Why?" }, task, pool };
 * const decision = decideByScores({ request, arms, scores: [0.4, 0.7], temperature: 0.1, router: { id: "mine" }, reason: "Large scores best." });
 * console.assert(decision.roles.answerer?.candidate === "large" && decision.total === 2);
 * ```
 */
export function decideByScores(input: ScoredArms): Decision {
  const { request, arms, scores, temperature } = input;
  const open = openArms(input);
  const logProbs = logSoftmax(open.map((arm) => (scores[arm] as number) / temperature));
  const order = open
    .map((_, place) => place)
    .sort((a, b) => (logProbs[b] as number) - (logProbs[a] as number) || a - b);
  const best = open[order[0] as number] as number;
  const chosen = arms[input.chosen ?? best] as Arm;
  const reference = input.reference === undefined ? Number.NaN : (scores[input.reference] as number);
  const ranking = order.slice(0, RANKING_LIMIT).map((place): RankedAssignment => {
    const arm = open[place] as number;
    const ranked = { arm: arms[arm] as Arm, logProb: logProbs[place] as number };
    return Number.isNaN(reference) ? ranked : { ...ranked, advantage: (scores[arm] as number) - reference };
  });
  const marginals = marginalsOf(
    request,
    open.map((arm) => arms[arm] as Arm),
    logProbs,
  );
  return {
    questionId: request.question.id,
    roles: rolesOf(request, chosen, marginals),
    ranking,
    total: open.length,
    marginals,
    reason: input.reason,
    router: input.router,
  };
}

function openArms({ arms, scores, temperature, request, chosen }: ScoredArms): number[] {
  if (!(temperature > 0)) {
    throw new HapsError(
      "config",
      `decideByScores: temperature is ${temperature}; expected a number > 0; use e.g. 0.1`,
      {
        temperature,
      },
    );
  }
  const open = arms.map((_, arm) => arm).filter((arm) => !Number.isNaN(scores[arm] ?? Number.NaN));
  const infinite = open.find((arm) => !Number.isFinite(scores[arm]));
  if (infinite !== undefined) {
    throw new HapsError(
      "non-finite",
      `decideByScores: the score of arm ${infinite} is ${scores[infinite]}; expected a finite number, or NaN to leave the arm out; check the estimates`,
      { arm: infinite, questionId: request.question.id },
    );
  }
  if (open.length > 0 && (chosen === undefined || open.includes(chosen))) return open;
  throw new HapsError(
    "config",
    `decideByScores: ${open.length} of ${arms.length} arms have a score${chosen === undefined ? "" : `, the chosen arm ${chosen} has ${open.includes(chosen) ? "one" : "none"}`}; expected a score for what is chosen; check masks and estimates`,
    { arms: arms.length, open: open.length, chosen },
  );
}

function logSoftmax(logits: readonly number[]): number[] {
  const highest = Math.max(...logits);
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
  return logits.map((logit) => Math.min(0, logit - highest - total));
}

function marginalsOf(
  request: RoutingRequest,
  arms: readonly Arm[],
  logProbs: readonly number[],
): Record<string, readonly number[]> {
  const position = new Map(request.pool.candidates.map((candidate, index) => [candidate.id, index]));
  return Object.fromEntries(
    Object.keys(arms[0] as Arm).map((role) => {
      const sums = request.pool.candidates.map(() => 0);
      arms.forEach((arm, place) => {
        const index = position.get(arm[role]?.candidate ?? "");
        if (index !== undefined) sums[index] = (sums[index] as number) + Math.exp(logProbs[place] as number);
      });
      const total = sums.reduce((sum, value) => sum + value, 0);
      return [role, sums.map((value) => value / total)];
    }),
  );
}

function rolesOf(
  request: RoutingRequest,
  arm: Arm,
  marginals: Readonly<Record<string, readonly number[]>>,
): Record<string, RoleChoice> {
  return Object.fromEntries(
    Object.entries(arm).map(([role, { candidate, settings }]) => {
      const index = request.pool.candidates.findIndex((one) => one.id === candidate);
      return [role, { candidate, settings, probability: marginals[role]?.[index] ?? 0 }];
    }),
  );
}
