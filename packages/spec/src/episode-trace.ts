import type { CallFailure, CallRecord, Decoding, FinishReason, Prompt } from "./engine.ts";
import type { CandidateId, RoleId } from "./task.ts";
import type { EndReason, Paragraph } from "./workflow.ts";

/** A call of an episode that succeeded, ready for {@link GradientEngine.loraGradient}. */
export interface TracedCall extends CallRecord {
  readonly kind: "call";
  readonly purpose: string;
  readonly prompt: Prompt;
  readonly text: string;
  readonly finishReason: FinishReason;
  /** Of the call's random numbers. */
  readonly seed: number;
}

/** A call of an episode that failed. */
export interface TracedFailedCall {
  readonly kind: "failed-call";
  readonly role: RoleId;
  readonly candidate: CandidateId;
  readonly purpose: string;
  readonly prompt: Prompt;
  readonly seed: number;
  readonly failure: EpisodeFailure;
}

/** A search of an episode and what it found. */
export interface TracedRetrieval {
  readonly kind: "retrieval";
  readonly query: string;
  readonly paragraphs: readonly Paragraph[];
}

/** A search of an episode that failed. */
export interface TracedFailedRetrieval {
  readonly kind: "failed-retrieval";
  readonly query: string;
  readonly failure: EpisodeFailure;
}

/** One effect of an episode and what came of it. */
export type TraceEntry = TracedCall | TracedFailedCall | TracedRetrieval | TracedFailedRetrieval;

/** Why an episode failed; plain data, so that a trace can be stored. */
export type EpisodeFailure = Pick<CallFailure, "code" | "message">;

/** Who played a role. */
export interface TracedRole {
  readonly candidate: CandidateId;
  readonly decoding: Decoding;
  /** Id of the LoRA weights, where there were any. */
  readonly lora?: string;
}

/** What came of an episode. A failed one has no answer and no score: it is never counted as wrong. */
export type EpisodeEnd =
  | { readonly status: "ok"; readonly answer: string; readonly reason: EndReason }
  | { readonly status: "no-answer"; readonly answer: null; readonly reason: EndReason }
  | { readonly status: "failed"; readonly failure: EpisodeFailure };

/** Everything that happened in an episode, as plain JSON. */
export interface EpisodeTrace {
  /** Of the request that it answers. */
  readonly id: string;
  readonly questionId: string;
  /** Hash of the workflow. */
  readonly workflow: string;
  readonly seed: number;
  readonly roles: Readonly<Record<RoleId, TracedRole>>;
  /** In the order in which the episode asked. */
  readonly entries: readonly TraceEntry[];
  readonly end: EpisodeEnd;
  /** Milliseconds from asking to answer of each entry; present when the runner had a clock, and the only part that varies. */
  readonly milliseconds?: readonly number[];
}
