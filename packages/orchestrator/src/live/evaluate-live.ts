import { type Abortable, type Decoding, type Environment, HapsError, type Money, type Outcome } from "@haps/spec";
import { assignmentCode, createRng, type PromptPolicy } from "@haps/tensor";
import { type AssignmentChoice, decideLive } from "./decide-live.ts";
import type { LiveQuestion } from "./live-question.ts";
import { makeTrials } from "./make-trials.ts";
import { runTrials } from "./run-trials.ts";

/** Options of {@link evaluateLive}. */
export interface EvaluateLiveOptions extends Abortable {
  /** Borrowed. */
  readonly policy: PromptPolicy;
  readonly environment: Environment;
  readonly questions: readonly LiveQuestion[];
  /** Greedy is temperature 0, the default of {@link Decoding}. */
  readonly decoding: Decoding;
  /** β of all questions. Default 0. */
  readonly costWeight?: number;
  /** Questions that are decided and run together. Default 64. */
  readonly batch?: number;
  /** `false` leaves generated weights out (ablation: no low level). Default true. */
  readonly withLora?: boolean;
  /** Default `best`. */
  readonly assignments?: AssignmentChoice;
  /** Equal seeds try a question with equal random numbers, whatever stands beside it; drawn assignments depend on the batch. Default 0. */
  readonly seed?: number;
  /** Opens the ids of trials and weights; another one for every state of the policy. */
  readonly label: string;
}

/** What came of one question. */
export interface LiveResult {
  readonly questionId: string;
  /** Candidate index of every role. */
  readonly assignment: readonly number[];
  /** log P(z | p). */
  readonly logProb: number;
  readonly outcome: Outcome;
}

/** How well a policy does. */
export interface LiveEvaluation {
  /** In the order of the questions. */
  readonly results: readonly LiveResult[];
  /** Over the questions that have a score, `null` when none has. */
  readonly meanScore: number | null;
  /** Over the same questions; `null` where a cost is not known. */
  readonly meanCost: Money | null;
  /** Share of the questions that went to each assignment, in the order of `allAssignments`; absent ones have none. */
  readonly shares: readonly { readonly assignment: readonly number[]; readonly share: number }[];
  /** Questions that have a score. */
  readonly scored: number;
  /** Trials that failed or were not recorded: they count nowhere else. */
  readonly failed: number;
}

/**
 * Tries every question once with what the policy decides.
 *
 * @throws HapsError code `data` for costs in several currencies; errors of {@link decideLive} and of the environment.
 */
export async function evaluateLive(options: EvaluateLiveOptions): Promise<LiveEvaluation> {
  const { questions, batch = 64 } = options;
  if (!(Number.isInteger(batch) && batch > 0)) {
    throw new HapsError("config", `evaluateLive: batch is ${batch}; expected a whole number above 0`, { batch });
  }
  const results: LiveResult[] = [];
  for (let start = 0; start < questions.length; start += batch) {
    results.push(...(await evaluateBatch(questions.slice(start, start + batch), start, options)));
  }
  return summarise(results, options.policy.candidates.length);
}

async function evaluateBatch(
  questions: readonly LiveQuestion[],
  start: number,
  options: EvaluateLiveOptions,
): Promise<readonly LiveResult[]> {
  const { policy, environment, decoding, costWeight = 0, assignments = "best", withLora = true, seed = 0 } = options;
  const label = `${options.label}/${start}`;
  const streams = createRng(seed);
  const decisions = decideLive(policy, questions, {
    assignments,
    rng: streams.fork(`assignments ${start}`),
    costWeights: questions.map(() => costWeight),
    withLora,
    label,
  });
  const seeds = questions.map(({ question }) => streams.fork(`trial ${question.id}`).integer(2 ** 32));
  const trials = makeTrials({
    task: environment.task,
    candidates: policy.candidates,
    questions,
    decisions,
    decoding,
    seeds,
    label,
  });
  const { signal } = options;
  const outcomes = await runTrials(environment, trials, signal === undefined ? {} : { signal });
  return decisions.map(({ place, assignment, logProb }, index) => ({
    questionId: (questions[place] as LiveQuestion).question.id,
    assignment,
    logProb,
    outcome: outcomes[index] as Outcome,
  }));
}

function summarise(results: readonly LiveResult[], candidates: number): LiveEvaluation {
  let score = 0;
  let scored = 0;
  const costs: (Money | undefined)[] = [];
  const counts = new Map<number, { readonly assignment: readonly number[]; readonly count: number }>();
  for (const { assignment, outcome } of results) {
    const code = assignmentCode(assignment, candidates);
    counts.set(code, { assignment, count: (counts.get(code)?.count ?? 0) + 1 });
    if (outcome.status !== "ok" && outcome.status !== "no-answer") continue;
    score += outcome.score;
    scored += 1;
    costs.push(outcome.cost);
  }
  return {
    results,
    meanScore: scored === 0 ? null : score / scored,
    meanCost: meanMoney(costs),
    shares: [...counts]
      .sort(([left], [right]) => left - right)
      .map(([, { assignment, count }]) => ({ assignment, share: count / results.length })),
    scored,
    failed: results.length - scored,
  };
}

function meanMoney(costs: readonly (Money | undefined)[]): Money | null {
  const known = costs.filter((cost) => cost !== undefined);
  const [first] = known;
  if (first === undefined || known.length < costs.length) return null;
  const other = known.find(({ currency }) => currency !== first.currency);
  if (other !== undefined) {
    throw new HapsError(
      "data",
      `evaluateLive: costs are in ${first.currency} and in ${other.currency}; expected one currency; price the pool in one`,
      { currencies: [first.currency, other.currency] },
    );
  }
  const amount = known.reduce((sum, cost) => sum + cost.amount, 0) / known.length;
  return { amount, currency: first.currency };
}
