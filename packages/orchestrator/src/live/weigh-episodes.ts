import {
  type BaselineState,
  type CostScale,
  computeAdvantages,
  normaliseCost,
  type ResolvedObjectiveConfig,
  reward,
} from "@haps/reward";
import { type CallRecord, HapsError, type Outcome } from "@haps/spec";
import { advantagesOverDraws, advantagesWithin } from "./compare-episodes.ts";
import type { LiveDecision } from "./decide-live.ts";

/** An episode that counts in an update. */
export interface WeighedEpisode {
  /** Of its decision. */
  readonly index: number;
  readonly decision: LiveDecision;
  /** `undefined` where the environment recorded none. */
  readonly calls: readonly CallRecord[] | undefined;
  readonly score: number;
  readonly cost: number | undefined;
  readonly reward: number;
  /** What the choice of the assignment gets. */
  readonly advantage: number;
  /** What the tokens get: compared with episodes of the same assignment, where there are some. */
  readonly tokenAdvantage: number;
}

/** What {@link weighEpisodes} reads. */
export interface WeighEpisodesOptions {
  readonly decisions: readonly LiveDecision[];
  /** Of the decisions, in order. */
  readonly outcomes: readonly Outcome[];
  /** β of each question. */
  readonly costWeights: readonly number[];
  readonly objective: ResolvedObjectiveConfig;
  readonly costScale: CostScale | null;
  readonly baseline: BaselineState;
  /** Episodes per question: with several a question's others are its baseline under `leaveOneOut`, with one the batch's. */
  readonly rollouts: number;
  /** Of them, episodes in a row that share one drawn assignment. Default 1. */
  readonly episodesPerAssignment?: number;
}

/** Episodes with their advantages. */
export interface WeighedEpisodes {
  readonly episodes: readonly WeighedEpisode[];
  readonly baseline: BaselineState;
  /** Failed or unrecorded; they have no reward, least of all 0. */
  readonly failed: number;
  /** Left without another episode to compare with, under `leaveOneOut`. */
  readonly alone: number;
}

/**
 * Rewards minus baseline of the episodes that have a score; errors name the trial.
 *
 * Under `leaveOneOut` the assignment's baseline is the mean of the question's episodes of other draws: those of its own draw depend on
 * the assignment. Given the assignments, tokens of different episodes are independent, so the baseline of tokens may be the mean of
 * the others with the same assignment, which tells what the tokens did apart from what the assignment did.
 */
export function weighEpisodes(options: WeighEpisodesOptions): WeighedEpisodes {
  const { decisions, outcomes, objective, rollouts, baseline } = options;
  const rewarded = decisions.flatMap((decision, index) =>
    rewardOf(decision, index, outcomes[index] as Outcome, options),
  );
  const groupOf = ({ decision }: (typeof rewarded)[number]): number => (rollouts > 1 ? decision.place : 0);
  const sizes = new Map<number, number>();
  for (const episode of rewarded) sizes.set(groupOf(episode), (sizes.get(groupOf(episode)) ?? 0) + 1);
  const compared =
    objective.baseline.kind === "leaveOneOut"
      ? rewarded.filter((episode) => (sizes.get(groupOf(episode)) ?? 0) > 1)
      : rewarded;
  const rewards = compared.map((episode) => episode.reward);
  const groups = compared.map(groupOf);
  const { advantages, state } = computeAdvantages({ rewards, groups }, objective.baseline, baseline);
  const compare = objective.baseline.kind === "leaveOneOut" && rollouts > 1;
  const draws = compared.map(({ index }) => Math.floor(index / (options.episodesPerAssignment ?? 1)));
  const assignments = compared.map(({ decision }) => `${decision.place}/${decision.assignment.join()}`);
  const high = compare ? advantagesOverDraws(rewards, groups, draws, advantages) : advantages;
  const tokens = compare ? advantagesWithin(rewards, assignments, advantages) : advantages;
  return {
    episodes: compared.map((episode, place) => ({
      ...episode,
      advantage: high[place] as number,
      tokenAdvantage: tokens[place] as number,
    })),
    baseline: state,
    failed: decisions.length - rewarded.length,
    alone: rewarded.length - compared.length,
  };
}

function rewardOf(
  decision: LiveDecision,
  index: number,
  outcome: Outcome,
  { costWeights, objective, costScale }: WeighEpisodesOptions,
): readonly Omit<WeighedEpisode, "advantage" | "tokenAdvantage">[] {
  if (outcome.status !== "ok" && outcome.status !== "no-answer") return [];
  const costWeight = costWeights[decision.place] as number;
  const cost = outcome.cost?.amount;
  const known = costScale !== null && cost !== undefined ? { normalisedCost: normaliseCost(costScale, cost) } : {};
  const value = reward({ quality: outcome.score, ...known }, { ...objective, costWeight });
  if (!Number.isFinite(value)) {
    throw new HapsError(
      "data",
      `weighEpisodes: the reward of trial "${outcome.trialId}" is ${value}, of score ${outcome.score}, cost ${cost} and cost weight ${costWeight}; expected a finite number; give every candidate a price, or weigh costs 0`,
      { trial: outcome.trialId, score: outcome.score, cost, costWeight },
    );
  }
  return [{ index, decision, calls: outcome.calls, score: outcome.score, cost, reward: value }];
}
