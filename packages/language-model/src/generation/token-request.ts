import type { CallFailure, Decoding, FinishReason, Generation, LogProbKind, LoraWeights } from "@haps/spec";

/** One sequence to continue, in tokens. */
export interface TokenRequest {
  /** Token ids, at least one and fewer than the model's context. */
  readonly prompt: readonly number[];
  /** Its `stop` texts need {@link TokenRequest.stopsAfter}, which knows the text behind the tokens. */
  readonly decoding: Decoding;
  /** Seeds the request's own random numbers: equal requests give equal tokens, whatever else runs in the batch. */
  readonly seed: number;
  readonly lora?: LoraWeights;
  /** Sees each token that is no end token, in order; `true` ends the generation with reason `stop`. */
  readonly stopsAfter?: (token: number) => boolean;
}

/** What happened to one request in one step. */
export type TokenEvent = SampledToken | FailedRequest;

/** One more token of a request. */
export interface SampledToken {
  /** Index of the request. */
  readonly request: number;
  readonly token: number;
  /** Natural logarithm, see `LogProbKind`. */
  readonly logProbs: Readonly<Record<LogProbKind, number>>;
  /** In the request's last event only. */
  readonly finishReason?: FinishReason;
}

/** The end of a request that cannot go on; the others do. */
export interface FailedRequest {
  readonly request: number;
  readonly failure: CallFailure;
}

/** Tokens of one request with their log-probabilities; see `Generation` of `@haps/spec`. */
export interface TokenGeneration extends Pick<Generation, "tokens" | "finishReason"> {
  readonly logProbs: Readonly<Record<LogProbKind, readonly number[]>>;
}
