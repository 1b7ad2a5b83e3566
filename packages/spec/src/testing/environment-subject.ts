import type { Environment, Outcome, Trial } from "../environment.ts";
import type { ErrorCode } from "../errors.ts";
import type { Abortable } from "../router.ts";
import * as check from "./contract-check.ts";

/** What `describeEnvironmentContract` checks. */
export interface EnvironmentContractOptions {
  /** An environment; one made again is equal. */
  readonly create: () => Environment | Promise<Environment>;
  /** At least three, on different questions, none of which fails. */
  readonly trials: readonly Trial[];
  /** Fails by itself, whatever it runs with. Without it, failures are not checked. */
  readonly badTrial?: Trial;
  /** Whether equal trials have equal outcomes. Default `true`. */
  readonly deterministic?: boolean;
}

/** One promise of the contract of environments. */
export interface EnvironmentPromise {
  /** A sentence of behaviour. */
  readonly name: string;
  /** Whether an environment makes it; default always. */
  readonly applies?: (subject: EnvironmentContractOptions) => boolean;
  /** Rejects with a sentence when the promise is broken. */
  check(subject: EnvironmentContractOptions, environment: Environment): Promise<void>;
}

/** An outcome with a score. */
export type ScoredOutcome = Outcome & { readonly status: "ok" | "no-answer" };

/** Fails unless a condition holds. */
export function ensure(condition: boolean, message: string): asserts condition {
  check.ensure(condition, message, "environment");
}

/** Fails unless `run` rejects with a HapsError of one code. */
export async function ensureRejects(run: () => Promise<unknown>, code: ErrorCode, situation: string): Promise<void> {
  await check.ensureRejects(run, code, situation, "environment");
}

/** All outcomes of trials, sorted by trial; fails unless there is one for each. */
export async function outcomesOf(
  environment: Environment,
  trials: readonly Trial[],
  options: Abortable = {},
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for await (const outcome of environment.run(trials, options)) outcomes.push(outcome);
  const byId = new Map(outcomes.map((outcome) => [outcome.trialId, outcome]));
  ensure(
    outcomes.length === trials.length && byId.size === trials.length,
    `${trials.length} trials got ${outcomes.length} outcomes of ${byId.size} trials; expected one each`,
  );
  return trials.map(({ id }) => {
    const outcome = byId.get(id);
    ensure(outcome !== undefined, `trial ${JSON.stringify(id)} got no outcome`);
    return outcome;
  });
}

/** Outcomes that must all have a score, in the order of the trials. */
export async function scoredOutcomesOf(
  environment: Environment,
  trials: readonly Trial[],
): Promise<readonly ScoredOutcome[]> {
  return (await outcomesOf(environment, trials)).map((outcome) => {
    ensure(
      outcome.status === "ok" || outcome.status === "no-answer",
      `trial ${JSON.stringify(outcome.trialId)} has status "${outcome.status}"; expected a score`,
    );
    return outcome;
  });
}
