import {
  type CallRecord,
  type CandidateId,
  ConfigError,
  type EpisodeTrace,
  type Gold,
  HapsError,
  type Outcome,
  type Price,
  type Scorer,
  type TracedCall,
} from "@haps/spec";
import { failureOf } from "../runner/failure-of.ts";
import { traceUsage } from "../trace-usage.ts";
import { usageCost } from "./usage-cost.ts";

/** How traces become outcomes. */
export interface Judge {
  readonly scorer: Scorer;
  /** Name of the score that counts. */
  readonly score: string;
  readonly prices: ReadonlyMap<CandidateId, Price>;
  readonly recordCalls: boolean;
}

/**
 * Scores and prices an episode. Where the scorer cannot score the question's gold answer (code `data`), the trial has failed.
 *
 * @throws Whatever else the scorer throws, and for a scorer that breaks its promises: no trial of the run can be trusted then.
 */
export function outcomeOfTrace(trace: EpisodeTrace, gold: Gold, judge: Judge): Outcome {
  const perRole = traceUsage(trace);
  const cost = usageCost(perRole, judge.prices);
  const base = {
    trialId: trace.id,
    perRole,
    ...(cost === undefined ? {} : { cost }),
    ...(judge.recordCalls ? { calls: callsOf(trace) } : {}),
  };
  const { end } = trace;
  if (end.status === "failed") return { ...base, status: "failed", failure: end.failure };
  try {
    const scores = scoresOf(end.answer, gold, judge);
    return { ...base, status: end.status, answer: end.answer, score: scores[judge.score] as number, scores };
  } catch (error) {
    if (!HapsError.isInstance(error) || error.code !== "data") throw error;
    return { ...base, status: "failed", failure: failureOf(error) };
  }
}

/** Scores by name, the one that counts among them, each from 0 to 1. */
export function scoresOf(
  answer: string | null,
  gold: Gold,
  { scorer, score }: Pick<Judge, "scorer" | "score">,
): Readonly<Record<string, number>> {
  const scores = scorer.score(answer, gold);
  if (!Object.hasOwn(scores, score)) {
    const message = `the scorer has no ${JSON.stringify(score)}; choose one of ${Object.keys(scores).join(", ")}`;
    throw new ConfigError("createLiveEnvironment", [{ path: "score", message }]);
  }
  for (const [name, value] of Object.entries(scores)) {
    if (value >= 0 && value <= 1) continue;
    const message = `scorer: ${JSON.stringify(name)} is ${value}; expected a number from 0 to 1; correct the scorer`;
    throw new HapsError("state", message, { name, value });
  }
  return scores;
}

function callsOf({ entries }: EpisodeTrace): readonly CallRecord[] {
  return entries
    .filter((entry) => entry.kind === "call")
    .map(({ role, candidate, promptTokens, tokens, logProbs }: TracedCall) => ({
      role,
      candidate,
      promptTokens,
      tokens,
      ...(logProbs === undefined ? {} : { logProbs }),
    }));
}
