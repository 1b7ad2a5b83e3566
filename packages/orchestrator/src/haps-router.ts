import { rewardsAt } from "@haps/reward";
import {
  type ArmScores,
  armLabel,
  createScoredRouter,
  type Router,
  type RouterInfo,
  type RoutingRequest,
} from "@haps/spec";
import { createRng, type Rng } from "@haps/tensor";
import { createActionScorer } from "./action-scorer.ts";
import type { CalibratedPoint } from "./calibration.ts";
import { chooseAction, ofAssignment, openAssignments } from "./choose-action.ts";
import { type HapsModel, restoredMeans } from "./haps-model.ts";

/** Options of {@link createHapsRouter}. */
export interface HapsRouterOptions {
  /** Default `haps`. */
  readonly id?: string;
  /** Hash of the checkpoint, for audits. */
  readonly hash?: string;
  /** Ignores the requests' cost weights and uses the one chosen on held-out training rows. Default `false`. */
  readonly operatingPoint?: boolean;
}

/** What requests with the same cost weight share. */
interface WeightView {
  readonly costWeight: number;
  /** Arm behind each action. */
  readonly behind: Int32Array;
  /** Mean reward of each action on train. */
  readonly means: Float64Array;
  readonly margin: number;
}

/**
 * Makes a router of a trained model and takes the model over: `dispose` frees its policies.
 *
 * One backbone pass per member serves both levels. A decision leaves the best arm on train only for an estimated gain
 * above the margin that paid on held-out rows; a cost weight between those of training uses the margin of the nearest.
 *
 * @throws HapsError as `Router` promises: `unknown-candidate`, `config`, and `disposed` after `dispose`.
 */
export function createHapsRouter(model: HapsModel, options: HapsRouterOptions = {}): Router {
  const { config, featurizer, policies, actions } = model;
  const { id = "haps", hash, operatingPoint = false } = options;
  const { points, operatingPoint: chosenPoint } = config.calibration;
  const ownWeight = operatingPoint ? (points[chosenPoint]?.costWeight ?? 0) : undefined;
  const random = createRng(config.seed).fork("random-high-level");
  const scoreRows = createActionScorer(policies, actions.index, featurizer.dimension);
  const router = createScoredRouter({
    id,
    pool: config.pool,
    arms: config.arms,
    temperature: config.config.trainer.temperature,
    score: (requests, legal) => {
      if (requests.length === 0) return [];
      const weights = requests.map(({ costWeight = 0 }) => ownWeight ?? costWeight);
      const features = featurizer.transform(requests.map(({ question }) => question));
      const logProbs = scoreRows(features, weights);
      const views = new Map([...new Set(weights)].map((weight) => [weight, viewAt(model, weight)]));
      return requests.map((request, row) => {
        const view = views.get(weights[row] as number) as WeightView;
        const own = Array.from(
          { length: actions.size },
          (_, action) => logProbs[row * actions.size + action] as number,
        );
        return scoreArms(model, view, own, openFor(model, view, legal[row] as readonly boolean[], request, random));
      });
    },
    dispose: () => {
      for (const policy of policies) policy.variables.dispose();
    },
  });
  if (hash === undefined) return router;
  const info: RouterInfo = { id, hash };
  return {
    ...router,
    route: async (requests, abortable) =>
      (await router.route(requests, abortable)).map((decision) => ({ ...decision, router: info })),
  };
}

function viewAt({ config, actions }: HapsModel, costWeight: number): WeightView {
  const rewards = rewardsAt(restoredMeans(config), costWeight);
  const behind = actions.armsAt(costWeight);
  return {
    costWeight,
    behind,
    means: Float64Array.from(behind, (arm) => rewards[arm] as number),
    margin: nearest(config.calibration.points, costWeight).margin ?? Number.POSITIVE_INFINITY,
  };
}

/** Actions that a request may be answered with; a random high level draws its assignment by the question's text. */
function openFor(
  { actions, config }: HapsModel,
  { costWeight, behind }: WeightView,
  legal: readonly boolean[],
  { question }: RoutingRequest,
  random: Rng,
): readonly boolean[] {
  const open = actions.openAt(
    costWeight,
    Array.from(behind, (arm) => legal[arm] === true),
  );
  if (config.config.levels.high !== "random") return open;
  const { assignments } = actions.index;
  const choices = openAssignments(open, assignments);
  return ofAssignment(open, assignments, choices[random.fork(question.text).integer(choices.length)] as string);
}

/** Estimated rewards of the arms behind open actions, and which of them to take. */
function scoreArms(
  { config }: HapsModel,
  { behind, means, margin }: WeightView,
  logProbs: readonly number[],
  open: readonly boolean[],
): ArmScores {
  const { temperature } = config.config.trainer;
  const estimates = Float64Array.from(logProbs, (value) => value * temperature);
  const choice = chooseAction({ scores: estimates, means, open, margin });
  const scores = new Float64Array(config.arms.length).fill(Number.NaN);
  behind.forEach((arm, action) => {
    if (open[action] === true) scores[arm] = estimates[action] as number;
  });
  const chosen = behind[choice.chosen] as number;
  const reference = behind[choice.reference] as number;
  const label = (arm: number): string => armLabel(config.arms[arm] as (typeof config.arms)[number]);
  const gain = (scores[chosen] as number) - (scores[reference] as number);
  const reason =
    chosen === reference
      ? `${label(reference)} is the best arm on train among those allowed; no other is estimated ${describeMargin(margin)}.`
      : `${label(chosen)} is estimated ${gain.toFixed(3)} of reward above ${label(reference)}, the best arm on train.`;
  return { scores, chosen, reference, reason };
}

/** The calibrated point whose cost weight is nearest; the lower one of two. */
function nearest(points: readonly CalibratedPoint[], costWeight: number): CalibratedPoint {
  return points.reduce((best, point) =>
    Math.abs(point.costWeight - costWeight) < Math.abs(best.costWeight - costWeight) ? point : best,
  );
}

function describeMargin(margin: number): string {
  if (margin === Number.POSITIVE_INFINITY)
    return "better with enough certainty: routing did not pay on held-out questions";
  return margin === 0 ? "above it" : `more than ${margin} of reward above it`;
}
