import type { ErrorCode } from "./errors.ts";
import type { LoraWeights } from "./lora-weights.ts";
import type { Abortable } from "./router.ts";
import type { CandidateId, RoleId } from "./task.ts";

/** How the next token is chosen. */
export interface Decoding {
  /** Divides the logits, >= 0; 0 is greedy. Default 0. */
  readonly temperature?: number;
  /** Sample among the k likeliest tokens only, >= 1. Default: all. */
  readonly topK?: number;
  /** Sample among the likeliest tokens whose probabilities sum to at least this, in (0, 1]. Default 1: all. */
  readonly topP?: number;
  /**
   * Where the nucleus of `topP` ends: `standard` keeps the token that crosses the threshold (Holtzman et al. 2020),
   * `released` drops it, as the authors' code does, but keeps at least one token. Default `standard`.
   */
  readonly nucleus?: "standard" | "released";
  /** Most tokens to generate, >= 1. */
  readonly maxTokens: number;
  /** Texts that end the reply; they are not part of it. Default none. */
  readonly stop?: readonly string[];
}

/** One turn of a conversation. */
export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** What a model is to continue: text as it is, messages for its chat template, or token ids. */
export type Prompt =
  | { readonly text: string }
  | { readonly messages: readonly ChatMessage[] }
  | { readonly tokens: readonly number[] };

/** One request to an engine. */
export interface GenerationCall {
  readonly prompt: Prompt;
  readonly decoding: Decoding;
  /** Of the call's own random numbers; the same call gives the same tokens where the engine promises seeds. */
  readonly seed: number;
  readonly lora?: LoraWeights;
}

/**
 * The distribution that log-probabilities speak of: the model's softmax over the whole vocabulary at temperature 1, or the one
 * that was sampled, after temperature, top-k and nucleus.
 */
export type LogProbKind = "full" | "sampled";

/** Why a generation ended. */
export type FinishReason = "eos" | "stop" | "length";

/** What came of a call. */
export interface Generation {
  /** Without the tokens that ended it. */
  readonly text: string;
  /** Token ids of the prompt. */
  readonly promptTokens: readonly number[];
  /** Sampled token ids, with the one that ended the generation. */
  readonly tokens: readonly number[];
  /** Log-probability of each sampled token under each distribution, natural logarithm; absent where the engine has none. */
  readonly logProbs?: Readonly<Record<LogProbKind, readonly number[]>>;
  readonly finishReason: FinishReason;
}

/** A piece of a generation, as it comes. */
export interface GenerationChunk {
  /** New text; empty while a stop text may be under way. */
  readonly text: string;
  /** Token ids behind it. */
  readonly tokens: readonly number[];
  /** The whole generation, in the last chunk only. */
  readonly generation?: Generation;
}

/** What is wrong with one call of a batch. */
export interface CallFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly error: unknown;
}

/** Success or failure of one call. */
export type Settled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: CallFailure };

/** What an engine can do. */
export interface EngineCapabilities {
  /** `per-call`: each call brings its own weights; `published`: weights are uploaded first. */
  readonly lora: "per-call" | "published" | "none";
  readonly tokenLogProbs: boolean;
  readonly gradients: boolean;
  readonly seed: boolean;
  readonly stream: boolean;
}

/** Generates text for one candidate. */
export interface Engine {
  readonly candidate: CandidateId;
  readonly capabilities: EngineCapabilities;
  /**
   * One entry per call, in order; one failure does not sink the batch.
   *
   * @throws HapsError code `aborted` when the signal fires, `disposed` after {@link Engine.dispose}.
   */
  generate(calls: readonly GenerationCall[], options?: Abortable): Promise<readonly Settled<Generation>[]>;
  /** Text as it comes; ending the iteration early stops the work. */
  stream?(call: GenerationCall, options?: Abortable): AsyncIterable<GenerationChunk>;
  /** Frees everything; calling it again does nothing. */
  dispose(): Promise<void>;
}

/** One call as it happened, enough to compute its gradient. */
export interface CallRecord {
  readonly role: RoleId;
  readonly candidate: CandidateId;
  readonly promptTokens: readonly number[];
  readonly tokens: readonly number[];
  /** As in {@link Generation.logProbs}. */
  readonly logProbs?: Readonly<Record<LogProbKind, readonly number[]>>;
}

/** One term of a sum of log-likelihoods. */
export interface GradientItem {
  readonly call: CallRecord;
  readonly lora: LoraWeights;
  /** Factor of the log-likelihood of the sampled tokens. */
  readonly weight: number;
  /**
   * The distribution whose log-likelihood it is. `sampled` is the one that {@link GradientItem.decoding} leaves of the logits: its
   * choice of tokens counts as constant, and where it leaves one token there is no gradient. Default `full`.
   */
  readonly likelihood?: LogProbKind;
  /** What the tokens were sampled with; needed for `sampled`, not read for `full`. */
  readonly decoding?: Omit<Decoding, "maxTokens" | "stop">;
}

/** Gradients of `Σ weight · log P(tokens | prompt, lora)` with respect to the factors of each item. */
export interface LoraGradients {
  /** Log-likelihood of each item's tokens under the distribution that the item asks for, unweighted. */
  readonly logLikelihoods: readonly number[];
  /** In the order of the items: the shapes of the item's factors; gradients in place of values. */
  readonly gradients: readonly LoraWeights[];
}

/** An engine that can differentiate what it generated. */
export interface GradientEngine extends Engine {
  /**
   * Differentiates recorded calls; the items are independent of each other.
   *
   * @throws HapsError code `aborted` when the signal fires, `disposed` after `dispose`, and for weights or tokens that do not fit the
   *   model.
   */
  loraGradient(items: readonly GradientItem[], options?: Abortable): Promise<LoraGradients>;
}
