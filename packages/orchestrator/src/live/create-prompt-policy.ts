import { type CandidateId, HapsError, ShapeError } from "@haps/spec";
import {
  type AssignmentDistribution,
  createVariables,
  type EncodedPrompts,
  type EncodeOptions,
  joinVariables,
  type LoraGenerator,
  type LoraTensors,
  type NamedVariables,
  type PromptBackbone,
  type PromptPolicy,
  type PromptPolicyBatch,
  type PromptPolicyOutput,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/** The parts of a policy that reads prompts. */
export interface PromptPolicyParts {
  /** In the order of the assignments' indices. */
  readonly candidates: readonly CandidateId[];
  readonly roles: number;
  /** Shared encoder θ. */
  readonly backbone: PromptBackbone;
  /**
   * High level r(p; θ): a distribution from the scores of the encoder itself or from a head on its states. Called inside `tf.tidy`;
   * what becomes of the batch's cost weights and legal candidates is up to it.
   */
  readonly assignments: (encoded: EncodedPrompts, batch: PromptPolicyBatch) => AssignmentDistribution;
  /** Variables that `assignments` reads beside those of the backbone. */
  readonly assignmentVariables?: NamedVariables;
  /** Low level: a head γ_k for each candidate that takes weights; closed candidates have none (o_z = 0, Eq. 6). */
  readonly generators: ReadonlyMap<CandidateId, LoraGenerator>;
  /** Encoder of the low level when parameters are not shared (ablation of paper §4.4); absent: the backbone serves both. */
  readonly privateBackbone?: PromptBackbone;
  /** What the low level sees: the prompt's state, or a vector of ones for every question, the question-blind control. Default `question`. */
  readonly conditioning?: "question" | "none";
  /** Whether the low level sees the cost weight, through a trained direction that starts at 0. Default false. */
  readonly costConditioned?: boolean;
}

/**
 * Composes r and s_k on prompts: one pass of the backbone serves the assignments and the LoRA weights of every candidate.
 *
 * `w_k = s_k(h + β v)`: h is the state of the prompt, β the row's cost weight, v the variable `cost/direction`, there when
 * `costConditioned`. Weights are made when they are first asked for, so that candidates nobody chose cost nothing.
 *
 * Variables: `backbone/…`, `architecture/…`, `lora/<candidate>/…`, `private-backbone/…`, `cost/direction`. The policy owns those of its
 * parts: disposing `policy.variables` disposes them all.
 *
 * @throws HapsError code `config` for a candidate named twice or a generator of no candidate; ShapeError code `shape`, in `forward`, for
 *   another number of cost weights than prompts.
 *
 * Source: Eq. 2, 3 and 6 of the HAPS paper. Deviation: the cost weight is an input; the paper trains one policy for each.
 */
export function createPromptPolicy(parts: PromptPolicyParts): PromptPolicy {
  checkCandidates(parts);
  const { candidates, roles, backbone, privateBackbone, assignmentVariables, generators } = parts;
  const width = (privateBackbone ?? backbone).hiddenDimension;
  const cost =
    parts.costConditioned === true
      ? createVariables([["direction", { shape: [width], values: new Float32Array(width) }]])
      : undefined;
  const variables = joinVariables({
    backbone: backbone.variables,
    ...(assignmentVariables === undefined ? {} : { architecture: assignmentVariables }),
    ...(privateBackbone === undefined ? {} : { "private-backbone": privateBackbone.variables }),
    ...Object.fromEntries([...generators].map(([id, generator]) => [`lora/${id}`, generator.variables])),
    ...(cost === undefined ? {} : { cost }),
  });
  return {
    variables,
    candidates,
    roles,
    forward(batch, options = {}): PromptPolicyOutput {
      if (batch.costWeights.length !== batch.prompts.length) {
        const expected = `[${batch.prompts.length}], one per prompt`;
        throw new ShapeError("PromptPolicy.forward", "costWeights", expected, [batch.costWeights.length]);
      }
      const encoded = backbone.encode(batch.prompts, options);
      const seen = once(() => lowLevelInput(parts, { encoded, batch, options, width, cost }));
      const made = new Map<CandidateId, LoraTensors>();
      return {
        assignments: parts.assignments(encoded, batch),
        lora(candidate) {
          const generator = generators.get(candidate);
          if (generator === undefined) return null;
          const lora = made.get(candidate) ?? generator.generate(seen());
          made.set(candidate, lora);
          return lora;
        },
      };
    },
  };
}

/** What one pass knows when the low level is first asked. */
interface Pass {
  readonly encoded: EncodedPrompts;
  readonly batch: PromptPolicyBatch;
  readonly options: EncodeOptions;
  readonly width: number;
  readonly cost: NamedVariables | undefined;
}

function lowLevelInput({ conditioning, privateBackbone }: PromptPolicyParts, pass: Pass): tf.Tensor2D {
  const { encoded, batch, options, width, cost } = pass;
  const rows = batch.prompts.length;
  const state = (): tf.Tensor2D =>
    privateBackbone === undefined ? encoded.hidden : privateBackbone.encode(batch.prompts, options).hidden;
  const base = conditioning === "none" ? tf.ones<tf.Rank.R2>([rows, width]) : state();
  if (cost === undefined) return base;
  const direction = tf.reshape(cost.get("direction"), [1, width]);
  return tf.add(base, tf.mul(tf.tensor2d([...batch.costWeights], [rows, 1]), direction));
}

function once<Value>(compute: () => Value): () => Value {
  let held: { readonly value: Value } | undefined;
  return () => {
    held ??= { value: compute() };
    return held.value;
  };
}

function checkCandidates({ candidates, generators }: PromptPolicyParts): void {
  const known = new Set(candidates);
  if (known.size !== candidates.length || candidates.length === 0) {
    throw new HapsError(
      "config",
      `createPromptPolicy: the candidates are [${candidates.join(", ")}]; expected at least one and each once`,
      { candidates },
    );
  }
  for (const id of generators.keys()) {
    if (known.has(id)) continue;
    throw new HapsError(
      "config",
      `createPromptPolicy: there is a generator for "${id}", which is no candidate; expected one of ${candidates.join(", ")}`,
      { candidate: id, candidates },
    );
  }
}
