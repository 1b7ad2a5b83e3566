import { type ArmScores, createScoredRouter, type FitContext, type Question, type Router } from "@haps/spec";
import { columnMeans } from "./column-means.ts";
import type { TrainingCells } from "./training-cells.ts";

/** Estimated quality and normalised cost of every arm, row-major `[questions, arms]`; `NaN` where there is no estimate. */
export interface ArmEstimates {
  readonly quality: Float64Array;
  /** `null` without costs: cost weights are ignored then. */
  readonly cost: Float64Array | null;
}

/** What {@link createEstimateRouter} makes a router from. */
export interface EstimateRouterOptions {
  readonly id: string;
  readonly context: FitContext;
  readonly cells: TrainingCells;
  /** Of the softmax that gives probabilities, in units of reward. */
  readonly temperature: number;
  /** Must not depend on which questions stand beside each other. Gets `id`, `text` and `context` of a question only. */
  estimate(questions: readonly Question[]): ArmEstimates;
  /** Why an arm was chosen, one sentence. */
  reason(gain: number): string;
  readonly dispose?: () => void;
}

/**
 * Makes a router that chooses by `reward = quality - costWeight * cost`, for any cost weight.
 *
 * Arms that were run in fewer than half as many training rows as the most run arm are left out, so that a handful of
 * lucky rows does not win; so are arms of unknown cost when the cost weight is above 0. When only such arms are legal,
 * arms that were run at all are taken, and else all. Ties go to the arm that is cheaper on average, then to the first.
 */
export function createEstimateRouter(options: EstimateRouterOptions): Router {
  const { id, context, cells, temperature } = options;
  const { arms } = cells;
  const { means, counts } = columnMeans(cells.quality, arms);
  const average: ArmEstimates = {
    quality: means,
    cost: cells.cost === null ? null : columnMeans(cells.cost, arms).means,
  };
  const most = Math.max(...counts);
  const often = Array.from(counts, (count) => count * 2 >= most);
  return createScoredRouter({
    id,
    pool: context.pool,
    arms: context.training.arms,
    temperature,
    score: (requests, legal) => {
      const estimates = options.estimate(requests.map(({ question }) => bareQuestion(question)));
      return requests.map(({ costWeight = 0 }, row): ArmScores => {
        const allowed = legal[row] as readonly boolean[];
        const open = often.map((isOften, arm) => isOften && allowed[arm] === true);
        const rewards = rewardRow(estimates, row, arms, costWeight);
        const expected = rewardRow(average, 0, arms, costWeight);
        const scores = firstUsable([mask(rewards, open), mask(rewards, allowed), mask(expected, allowed)], allowed);
        const chosen = bestArm(scores, average.cost);
        const reference = bestArm(
          mask(
            expected,
            scores.map((score) => !Number.isNaN(score)),
          ),
          average.cost,
        );
        const gain = reference < 0 ? 0 : (scores[chosen] as number) - (scores[reference] as number);
        return { scores, chosen, reason: options.reason(gain), ...(reference < 0 ? {} : { reference }) };
      });
    },
    ...(options.dispose === undefined ? {} : { dispose: options.dispose }),
  });
}

/** Index of the highest score; `NaN` never wins. Ties go to the lower cost, then to the first. -1 when there is none. */
export function bestArm(scores: ArrayLike<number>, cost: ArrayLike<number> | null): number {
  let best = -1;
  for (let arm = 0; arm < scores.length; arm += 1) {
    const score = scores[arm] as number;
    if (Number.isNaN(score)) continue;
    const lead = best < 0 ? Number.POSITIVE_INFINITY : score - (scores[best] as number);
    const cheaper = cost !== null && (cost[arm] as number) < (cost[best] as number);
    if (lead > 0 || (lead === 0 && cheaper)) best = arm;
  }
  return best;
}

/** The parts of a question that features may read; whatever else a caller left on it never reaches them. */
export function bareQuestion({ id, text, context }: Question): Question {
  return { id, text, ...(context === undefined ? {} : { context }) };
}

function rewardRow(estimates: ArmEstimates, row: number, arms: number, costWeight: number): number[] {
  return Array.from({ length: arms }, (_, arm) => {
    const quality = estimates.quality[row * arms + arm] as number;
    if (estimates.cost === null || costWeight === 0) return quality;
    return quality - costWeight * (estimates.cost[row * arms + arm] as number);
  });
}

function mask(scores: readonly number[], open: readonly boolean[]): number[] {
  return scores.map((score, arm) => (open[arm] === true ? score : Number.NaN));
}

/** The first list with a score; when there is none, all allowed arms are equally good. */
function firstUsable(lists: readonly number[][], allowed: readonly boolean[]): number[] {
  const usable = lists.find((scores) => scores.some((score) => !Number.isNaN(score)));
  return usable ?? allowed.map((isAllowed) => (isAllowed ? 0 : Number.NaN));
}
