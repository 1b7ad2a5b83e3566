import type { ResolvedObjectiveConfig } from "@haps/reward";
import type { CandidateId, LoraWeights } from "@haps/spec";
import { loraUpdateNorms } from "@haps/tensor";
import type { LiveDecision } from "./decide-live.ts";
import type { PolicyUpdate } from "./policy-updater.ts";
import type { TokenGradients } from "./token-gradients.ts";
import type { WeighedEpisodes } from "./weigh-episodes.ts";

/** What one step of joint training did. Means are over the episodes that counted, `null` where there were none. */
export interface JointStep {
  /** Steps before this one. */
  readonly step: number;
  /** Episodes that counted. */
  readonly episodes: number;
  /** Episodes that failed or were not recorded. */
  readonly failed: number;
  /** Episodes left without another to compare with. */
  readonly alone: number;
  readonly meanReward: number | null;
  readonly meanScore: number | null;
  /** In the environment's currency; `null` also where a cost is not known. */
  readonly meanCost: number | null;
  /** `Σ -A (log P(z) + Σ log P(tokens))` over what got a gradient, reduced as the gradient is; without the entropy term. */
  readonly loss: number;
  /** Entropy of the assignments in nats, estimated by their mean `-log P(z)`; `null` where they were not sampled. */
  readonly assignmentEntropy: number | null;
  /** Share of the episodes whose tokens had no advantage, so that no engine was asked about them. */
  readonly skippedShare: number;
  /** Tokens that were differentiated. */
  readonly gradientTokens: number;
  /** Mean Frobenius norm of `scale · up · down`, over questions and targets, for each candidate that got weights. */
  readonly loraNorms: Readonly<Record<CandidateId, number>>;
  /** Norm of all gradients before clipping; `null` where nothing had a gradient and nothing was updated. */
  readonly gradientNorm: number | null;
  /** The same for each part: `backbone` (θ), `lora/<candidate>` (γ_k), ... */
  readonly gradientNorms: Readonly<Record<string, number>>;
  readonly clipped: boolean;
  readonly learningRate: number;
}

/** What {@link jointStepReport} is made of. */
export interface JointStepFacts {
  readonly step: number;
  readonly decisions: readonly LiveDecision[];
  readonly weighed: WeighedEpisodes;
  readonly first: TokenGradients;
  readonly update: PolicyUpdate | null;
  readonly learningRate: number;
  readonly sampled: boolean;
  /** Whether the assignments got a gradient. */
  readonly highLevel: boolean;
  readonly objective: ResolvedObjectiveConfig;
}

/** Sums up a step. */
export function jointStepReport(facts: JointStepFacts): JointStep {
  const { step, decisions, weighed, first, update, learningRate, sampled, highLevel, objective } = facts;
  const { episodes, failed, alone } = weighed;
  const costs = episodes.flatMap(({ cost }) => (cost === undefined ? [] : [cost]));
  const high = highLevel ? sumOf(episodes.map(({ advantage, decision }) => -advantage * decision.logProb)) : 0;
  const divisor = objective.reduction === "mean" ? Math.max(1, episodes.length) : 1;
  return {
    step,
    episodes: episodes.length,
    failed,
    alone,
    meanReward: meanOf(episodes.map(({ reward }) => reward)),
    meanScore: meanOf(episodes.map(({ score }) => score)),
    meanCost: costs.length < episodes.length ? null : meanOf(costs),
    loss: high / divisor + first.loss,
    assignmentEntropy: sampled ? meanOf(decisions.map(({ logProb }) => -logProb)) : null,
    skippedShare: meanOf(episodes.map(({ tokenAdvantage }) => Number(tokenAdvantage === 0))) ?? 0,
    gradientTokens: first.tokens,
    loraNorms: loraNorms(decisions),
    gradientNorm: update?.gradientNorm ?? null,
    gradientNorms: update?.gradientNorms ?? {},
    clipped: update?.clipped ?? false,
    learningRate,
  };
}

function loraNorms(decisions: readonly LiveDecision[]): Readonly<Record<CandidateId, number>> {
  // Rollouts of a question share their weights.
  const distinct = new Map<CandidateId, Set<LoraWeights>>();
  for (const { lora } of decisions) {
    for (const [candidate, weights] of lora) {
      distinct.set(candidate, (distinct.get(candidate) ?? new Set()).add(weights));
    }
  }
  const mean = (all: ReadonlySet<LoraWeights>): number => meanOf([...all].flatMap(loraUpdateNorms)) ?? 0;
  return Object.fromEntries([...distinct].map(([candidate, all]) => [candidate, mean(all)]));
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : sumOf(values) / values.length;
}
