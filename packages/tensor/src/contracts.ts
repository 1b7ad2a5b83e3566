import type { CandidateId, LoraSpace, LoraTarget, Settings } from "@haps/spec";
import type * as tf from "@tensorflow/tfjs";
import type { Rng } from "./rng.ts";
import type { NamedVariables } from "./variables.ts";

/** Hidden state of one row, `[hiddenDimension]`, from its features, `[featureDimension]`. */
export type BackboneReader = (features: ArrayLike<number>) => Float64Array;

/** Shared encoder θ: features of the routing prompt to hidden states, one pass per batch. */
export interface Backbone {
  readonly variables: NamedVariables;
  /** Length of a feature vector. */
  readonly featureDimension: number;
  /** Length of a hidden state. */
  readonly hiddenDimension: number;
  /** `[batch, featureDimension]` to `[batch, hiddenDimension]`; the caller owns the result. */
  encode(features: tf.Tensor2D): tf.Tensor2D;
  /**
   * Reads the weights out of tfjs once, for single rows without a tensor: a decision is then faster and does not depend on
   * the backend. Agrees with `encode` within float32 rounding. A policy offers it when all of its parts do.
   */
  reader?(): BackboneReader;
}

/**
 * Distribution over assignments z (a candidate index for every role), for each row of a batch.
 *
 * Tensors are owned by whoever called `forward`; `logProb` is differentiable.
 */
export interface AssignmentDistribution {
  readonly roles: number;
  readonly candidates: number;
  /** Log-probability of one assignment per row: `[batch]`. `assignments[row][role]` is a candidate index. */
  logProb(assignments: readonly (readonly number[])[]): tf.Tensor1D;
  /** Log-probabilities of all legal assignments, `[batch, candidates ** roles]`, role 0 most significant; form `joint` or small products only. */
  allLogProbs(): tf.Tensor2D;
  /** One sampled assignment per row. */
  sample(rng: Rng): readonly (readonly number[])[];
  /** The best `limit` assignments of every row, best first, by lazy k-best: never lists all of them. */
  top(limit: number): readonly (readonly { readonly assignment: readonly number[]; readonly logProb: number }[])[];
  /** `[row][role][candidate]`; each innermost array sums to 1. */
  marginals(): readonly (readonly (readonly number[])[])[];
}

/**
 * Scores that a distribution over assignments is made of, for each row of a batch: by a language model that reads assignments as
 * text, or by a head. What is common to all candidates of a score may be left out, since a softmax follows.
 *
 * Tensors that it hands out are the caller's; differentiable. It lives as long as the surrounding `tf.tidy`.
 */
export interface AssignmentScorer {
  readonly batch: number;
  readonly roles: number;
  readonly candidates: number;
  /**
   * Scores of all candidates for the next role, after choices for the roles before it.
   *
   * @param prefixes - What is asked of each row, `[batch][asked]`: choices for the first roles, fewer than `roles`; any lengths.
   * @returns `[all that is asked, candidates]`, row after row. One pass, whatever is asked.
   */
  next(prefixes: readonly (readonly (readonly number[])[])[]): tf.Tensor2D;
  /** Scores of whole assignments, `[batch, candidates ** roles]`, role 0 most significant; absent where there are none. */
  joint?(): tf.Tensor2D;
  /** Plain twin of `next` for a single prefix, where one is cheap; searches then never ask for tensors. */
  read?(row: number, prefix: readonly number[]): ArrayLike<number>;
}

/** Tokens of one routing prompt. */
export interface TokenPrompt {
  /** At least one. */
  readonly tokens: readonly number[];
  /** Where the question itself stands among them, `[start, end)`. */
  readonly question?: { readonly start: number; readonly end: number };
}

/** What one pass over prompts gives both levels; lives as long as the surrounding `tf.tidy`. */
export interface EncodedPrompts {
  /** `[batch, hiddenDimension]`, one state per prompt; the caller owns it. */
  readonly hidden: tf.Tensor2D;
  /** Scores assignments as continuations of the prompts; absent when the backbone was given no assignments. */
  readonly scorer?: AssignmentScorer;
}

/** Options of {@link PromptBackbone.encode}. */
export interface EncodeOptions {
  /** Without gradients, from plain keys and values: the quick way to a decision. Default false. */
  readonly inference?: boolean;
}

/** Shared encoder θ that reads the tokens of the routing prompt; the high level may read its scores, the low level its states. */
export interface PromptBackbone {
  /** Those that are trained. */
  readonly variables: NamedVariables;
  readonly hiddenDimension: number;
  /** One pass over each prompt; synchronous, to be called inside `tf.tidy` or a gradient. */
  encode(prompts: readonly TokenPrompt[], options?: EncodeOptions): EncodedPrompts;
}

/** Options of {@link AssignmentHead.forward}. */
export interface AssignmentOptions {
  /** `[batch][candidate]`; absent: all are legal. */
  readonly legal?: readonly (readonly boolean[])[];
  /**
   * `[batch, candidates]`, added to every role's logit of that candidate: what the low level can make of it
   * ({@link SettingsDistribution.value}). Differentiable.
   */
  readonly values?: tf.Tensor2D;
}

/**
 * Log-probabilities of all assignments of one row, `[candidates ** roles]`, role 0 most significant.
 *
 * `hidden` is `[hiddenDimension]`; `values` is `[candidates]`, see {@link AssignmentOptions.values}.
 */
export type AssignmentReader = (
  hidden: ArrayLike<number>,
  costWeight: number,
  values: ArrayLike<number>,
) => Float64Array;

/** High level r(p; θ): hidden states to a distribution over assignments. */
export interface AssignmentHead {
  readonly variables: NamedVariables;
  readonly roles: number;
  readonly candidates: number;
  /**
   * `hidden` is `[batch, hiddenDimension]`, `costWeights` is `[batch]`. Tensors of the result are owned by the caller;
   * call inside `tf.tidy`.
   */
  forward(hidden: tf.Tensor2D, costWeights: tf.Tensor1D, options?: AssignmentOptions): AssignmentDistribution;
  /** Plain twin of `forward` with all candidates legal; see {@link Backbone.reader}. */
  reader?(): AssignmentReader;
}

/** Distribution over the settings of one candidate, for each row of a batch. */
export interface SettingsDistribution {
  readonly settings: readonly Settings[];
  /** `[batch, settings.length]`, differentiable, rows sum to 1 after `exp`. */
  readonly logProbs: tf.Tensor2D;
  /** `[batch]`, log-sum-exp of the logits: what choosing the settings well is worth, in units of the temperature. */
  readonly value: tf.Tensor1D;
}

/** Logits of the settings of one row, from its hidden state, `[hiddenDimension]`. */
export type ParameterReader = (hidden: ArrayLike<number>, costWeight: number) => Float64Array;

/** Head γ_k of one candidate: hidden states to a distribution over its settings. */
export interface ParameterGenerator {
  readonly variables: NamedVariables;
  readonly settings: readonly Settings[];
  /** `hidden` is `[batch, hiddenDimension]`, `costWeights` is `[batch]`; the caller owns the result. */
  generate(hidden: tf.Tensor2D, costWeights: tf.Tensor1D): SettingsDistribution;
  /** Plain twin of `generate`; see {@link Backbone.reader}. */
  reader?(): ParameterReader;
}

/** Factors of one target for a batch of samples. */
export interface LoraTargetTensors {
  readonly target: LoraTarget;
  /** `[batch, rank, in]`. */
  readonly down: tf.Tensor3D;
  /** `[batch, out, rank]`. */
  readonly up: tf.Tensor3D;
}

/** LoRA weights of a batch of samples as tensors: `W' = W + scale · up · down`, for each sample and target. */
export interface LoraTensors {
  readonly targets: readonly LoraTargetTensors[];
  /** Factor of every update, α in the paper; not divided by the rank. */
  readonly scale: number;
}

/** Head γ_k of an open-weight candidate: hidden states to LoRA weights, a deterministic function. */
export interface LoraGenerator {
  readonly variables: NamedVariables;
  readonly space: LoraSpace;
  /** `hidden` is `[batch, hiddenDimension]`; the caller owns the tensors of the result. Differentiable. */
  generate(hidden: tf.Tensor2D): LoraTensors;
}

/** One batch for the policy. */
export interface PolicyBatch {
  /** `[batch, featureDimension]`. */
  readonly features: tf.Tensor2D;
  /** `[batch]`, each >= 0. */
  readonly costWeights: tf.Tensor1D;
  /** Per row the legal candidates of the pool, `[batch][candidate]`; absent: all are legal. */
  readonly legal?: readonly (readonly boolean[])[];
}

/** What one backbone pass gives. */
export interface PolicyOutput {
  readonly assignments: AssignmentDistribution;
  /** `null` when nothing varies for the candidate. */
  settings(candidate: CandidateId): SettingsDistribution | null;
}

/** Both levels of one row, from its features, as log-probabilities; all candidates legal. */
export type PolicyReader = (
  features: ArrayLike<number>,
  costWeight: number,
) => {
  /** `[candidates ** roles]`, role 0 most significant. */
  readonly assignments: Float64Array;
  /** `[settings]`, `null` when nothing varies for the candidate. */
  settings(candidate: CandidateId): Float64Array | null;
};

/** Backbone and heads as one trainable, synchronous object on tensors. Call `forward` inside `tf.tidy`. */
export interface Policy {
  readonly variables: NamedVariables;
  /** One pass of the backbone; the caller owns the tensors of the result. */
  forward(batch: PolicyBatch): PolicyOutput;
  /** Plain twin of `forward`; `undefined` where some part has none. */
  reader?(): PolicyReader | undefined;
}

/** One batch for a policy that reads prompts. */
export interface PromptPolicyBatch {
  /** At least one. */
  readonly prompts: readonly TokenPrompt[];
  /** `[batch]`, each >= 0. */
  readonly costWeights: readonly number[];
  /** Per row the legal candidates of the pool, `[batch][candidate]`; absent: all are legal. */
  readonly legal?: readonly (readonly boolean[])[];
}

/** What one pass over prompts gives. Tensors live as long as the surrounding `tf.tidy`. */
export interface PromptPolicyOutput {
  readonly assignments: AssignmentDistribution;
  /** Generated weights of the batch, made when they are first asked for; `null` where nothing is generated for the candidate. */
  lora(candidate: CandidateId): LoraTensors | null;
}

/** Both levels on one language model that reads the routing prompt. Call `forward` inside `tf.tidy` or a gradient. */
export interface PromptPolicy {
  readonly variables: NamedVariables;
  /** In the order of the assignments' indices. */
  readonly candidates: readonly CandidateId[];
  readonly roles: number;
  /** One pass of the backbone. */
  forward(batch: PromptPolicyBatch, options?: EncodeOptions): PromptPolicyOutput;
}
