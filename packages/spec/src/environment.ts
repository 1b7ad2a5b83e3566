import type { CallRecord, Decoding } from "./engine.ts";
import type { EpisodeFailure } from "./episode-trace.ts";
import type { LoraWeights } from "./lora-weights.ts";
import type { Money } from "./pool.ts";
import type { Abortable } from "./router.ts";
import type { CandidateId, LabelledQuestion, RoleId, Task } from "./task.ts";

/** Who plays a role, and how. */
export interface RolePlayer {
  readonly candidate: CandidateId;
  /** Of all calls of the role; a call's own limit of tokens may be lower. */
  readonly decoding: Decoding;
  /** Generated weights, for engines that take them per call. */
  readonly lora?: LoraWeights;
}

/** One question to be tried by chosen candidates with chosen parameters. */
export interface Trial {
  /** Unique among the trials of a run; consumers sort outcomes by it before any arithmetic. */
  readonly id: string;
  /** The gold answer is for the environment's scorer alone. */
  readonly question: LabelledQuestion;
  /** A player for every role of the task. */
  readonly roles: Readonly<Record<RoleId, RolePlayer>>;
  /** A whole number from 0; equal trials have equal outcomes where engines promise seeds. */
  readonly seed: number;
}

/** What a role has used up. */
export interface RoleUsage {
  readonly candidate: CandidateId;
  /** Calls that succeeded. */
  readonly calls: number;
  /** Tokens of all prompts and of all replies, end tokens too. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What is known of a trial whatever came of it. */
export interface OutcomeBase {
  readonly trialId: string;
  readonly perRole: Readonly<Record<RoleId, RoleUsage>>;
  /** Of all calls that succeeded; absent where a role's candidate has no price. */
  readonly cost?: Money;
  /** Calls that succeeded, in the order in which they were asked, for gradients; absent where none were recorded. */
  readonly calls?: readonly CallRecord[];
}

/** What came of a trial. A failed or unrecorded one has no score: it is never counted as wrong, `no-answer` is. */
export type Outcome =
  | (OutcomeBase & {
      readonly status: "ok" | "no-answer";
      readonly answer: string | null;
      /** The one of `scores` that counts, 0 to 1. */
      readonly score: number;
      /** All scores by name. */
      readonly scores: Readonly<Record<string, number>>;
    })
  | (OutcomeBase & { readonly status: "failed"; readonly failure: EpisodeFailure })
  | (OutcomeBase & { readonly status: "not-recorded" });

/** Evaluates trials: live, by running a workflow on engines, or from a log. */
export interface Environment {
  readonly task: Task;
  /** SHA-256 of everything but the trials that decides outcomes: workflow, retrieval, scorer, prices, models. */
  readonly hash: string;
  /**
   * Outcomes as they come, in any order, one per trial. A trial that fails does not sink the others.
   *
   * Ending the iteration early stops the work.
   *
   * @throws HapsError code `aborted` when the signal fires, after outcomes that had come; ConfigError for trials that cannot run, HapsError
   *   code `unknown-candidate` for a player that it does not have, both before any trial runs.
   */
  run(trials: readonly Trial[], options?: Abortable): AsyncIterable<Outcome>;
}

/**
 * Scores an answer against the expected one.
 *
 * Implementations promise numbers in `[0, 1]` and the same keys for every answer; `null` (no answer came) scores 0.
 */
export interface Scorer {
  /** Scores by name for one answer. */
  score(answer: string | null, gold: LabelledQuestion["gold"]): Readonly<Record<string, number>>;
}
