import { type ResolvedObjectiveConfig, sampledLoss } from "@haps/reward";
import {
  type AssignmentDistribution,
  type LoraTensors,
  type PromptPolicy,
  type PromptPolicyBatch,
  surrogateLoss,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { LiveDecision } from "./decide-live.ts";
import type { TokenGradients } from "./token-gradients.ts";
import type { WeighedEpisode } from "./weigh-episodes.ts";

/** What {@link jointLoss} reads. */
export interface JointLossOptions {
  readonly policy: PromptPolicy;
  readonly batch: PromptPolicyBatch;
  /** `[questions * rollouts]`, all of a question together. */
  readonly decisions: readonly LiveDecision[];
  readonly episodes: readonly WeighedEpisode[];
  readonly slopes: TokenGradients["slopes"];
  readonly objective: ResolvedObjectiveConfig;
  /** Whether the assignments get a gradient. */
  readonly highLevel: boolean;
}

/**
 * Second stage: one pass of the policy whose gradient is that of Eq. 5, `Σ -A (log P(z) + log P(tokens))`, for both levels at once.
 *
 * @returns A function to differentiate; `undefined` where nothing has a gradient.
 */
export function jointLoss(options: JointLossOptions): (() => tf.Scalar) | undefined {
  const { policy, batch, slopes, objective, episodes } = options;
  const highLevel = options.highLevel && episodes.length > 0;
  if (!highLevel && slopes.size === 0) return undefined;
  return () => {
    const output = policy.forward(batch);
    const terms: tf.Scalar[] = [];
    if (highLevel) {
      const { logProbs, advantages } = sampledAssignments(output.assignments, options);
      terms.push(sampledLoss({ assignments: logProbs, settings: null }, { advantages }, objective));
    }
    for (const [candidate, { gradients, places }] of slopes) {
      terms.push(surrogateLoss(output.lora(candidate) as LoraTensors, gradients, places));
    }
    return tf.addN(terms);
  };
}

/** log P(z | p) of the episodes that count, with their advantages in the same order. */
function sampledAssignments(
  distribution: AssignmentDistribution,
  { batch, decisions, episodes }: JointLossOptions,
): { readonly logProbs: tf.Tensor1D; readonly advantages: readonly number[] } {
  const questions = batch.prompts.length;
  const rollouts = decisions.length / questions;
  const rounds = Array.from({ length: rollouts }, (_, round) =>
    distribution.logProb(
      batch.prompts.map((__, place) => (decisions[place * rollouts + round] as LiveDecision).assignment),
    ),
  );
  const all = tf.concat<tf.Tensor1D>(rounds);
  const cellOf = ({ index }: WeighedEpisode): number => (index % rollouts) * questions + Math.floor(index / rollouts);
  const ordered = [...episodes].sort((left, right) => cellOf(left) - cellOf(right));
  const advantages = ordered.map(({ advantage }) => advantage);
  if (ordered.length === decisions.length) return { logProbs: all, advantages };
  // A product with ones and zeros, since the gradient of a gather has no wasm kernel.
  const picked = new Float32Array(ordered.length * decisions.length);
  ordered.forEach((episode, row) => {
    picked[row * decisions.length + cellOf(episode)] = 1;
  });
  const selection = tf.tensor2d(picked, [ordered.length, decisions.length]);
  const column = tf.reshape<tf.Rank.R2>(all, [decisions.length, 1]);
  return { logProbs: tf.reshape(tf.matMul(selection, column), [ordered.length]), advantages };
}
