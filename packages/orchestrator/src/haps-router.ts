import {
  type Abortable,
  armLabel,
  type Decision,
  decideByScores,
  HapsError,
  legalArms,
  type Router,
  type RouterInfo,
  type RoutingRequest,
} from "@haps/spec";
import { createRng } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { actionLogProbs } from "./action-log-probs.ts";
import { rewardsAt } from "./action-space.ts";
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

/** Cost weights and actions of one batch that are shared by requests with the same weight. */
interface WeightSpace {
  readonly behind: Int32Array;
  readonly open: readonly boolean[];
  readonly means: Float64Array;
  readonly margin: number;
}

/**
 * Makes a router of a trained model and takes the model over: `dispose` frees its policies.
 *
 * One backbone pass per member serves a whole batch. A decision leaves the best arm on train only for an estimated gain
 * above the margin that paid on held-out rows; a cost weight between those of training uses the margin of the nearest.
 *
 * @throws as {@link Router} promises; code `disposed` after `dispose`.
 */
export function createHapsRouter(model: HapsModel, options: HapsRouterOptions = {}): Router {
  const { config, featurizer, policies, actions } = model;
  const { points, operatingPoint } = config.calibration;
  const { temperature } = config.config.trainer;
  const info: RouterInfo = { id: options.id ?? "haps", ...(options.hash === undefined ? {} : { hash: options.hash }) };
  const means = restoredMeans(config);
  const random = createRng(config.seed).fork("random-high-level");
  let disposed = false;

  const spaceAt = (costWeight: number): WeightSpace => {
    const rewards = rewardsAt(means, costWeight);
    const behind = actions.armsAt(costWeight);
    return {
      behind,
      open: actions.openAt(costWeight),
      means: Float64Array.from(behind, (arm) => rewards[arm] as number),
      margin: nearest(points, costWeight).margin ?? Number.POSITIVE_INFINITY,
    };
  };

  const decide = (request: RoutingRequest, space: WeightSpace, logProbs: Float32Array): Decision => {
    const { behind, means: actionMeans, margin } = space;
    const legal = legalArms(request, config.pool, config.arms);
    const legalActions = space.open.map((isOpen, action) => isOpen && legal[behind[action] as number] === true);
    const open = legalActions.includes(true) ? legalActions : Array.from(behind, (arm) => legal[arm] === true);
    const drawn = config.config.levels.high === "random" ? drawOpen(open, request) : open;
    const scores = Float64Array.from(logProbs, (value, action) =>
      drawn[action] === true ? value * temperature : Number.NaN,
    );
    const { chosen, reference } = chooseAction({ scores, means: actionMeans, open: drawn, margin });
    const arms = Array.from(behind, (arm) => config.arms[arm] as (typeof config.arms)[number]);
    const label = (action: number): string => armLabel(arms[action] as (typeof arms)[number]);
    const gain = (scores[chosen] as number) - (scores[reference] as number);
    return decideByScores({
      request,
      arms,
      scores,
      temperature,
      chosen,
      reference,
      router: info,
      reason:
        chosen === reference
          ? `${label(reference)} is the best arm on train among those allowed; no other is estimated ${describeMargin(margin)}.`
          : `${label(chosen)} is estimated ${gain.toFixed(3)} of reward above ${label(reference)}, the best arm on train.`,
    });
  };

  const drawOpen = (open: readonly boolean[], { question }: RoutingRequest): readonly boolean[] => {
    const choices = openAssignments(open, actions.index.assignments);
    const place = random.fork(question.text).integer(choices.length);
    return ofAssignment(open, actions.index.assignments, choices[place] as string);
  };

  return {
    contractVersion: 1,
    id: info.id,
    route: async (requests: readonly RoutingRequest[], { signal }: Abortable = {}) => {
      if (disposed) {
        throw new HapsError(
          "disposed",
          `route: the router "${info.id}" was disposed; make a new one from its checkpoint`,
        );
      }
      signal?.throwIfAborted();
      if (requests.length === 0) return [];
      for (const request of requests) legalArms(request, config.pool, config.arms);
      const weights = requests.map(({ costWeight = 0 }) =>
        options.operatingPoint === true ? (points[operatingPoint]?.costWeight ?? 0) : costWeight,
      );
      const features = featurizer.transform(requests.map(({ question }) => question));
      const logProbs = actionLogProbs(policies, actions.index, () => ({
        features: tf.tensor2d(features, [requests.length, featurizer.dimension]),
        costWeights: tf.tensor1d(weights),
      }));
      const spaces = new Map([...new Set(weights)].map((weight) => [weight, spaceAt(weight)]));
      return requests.map((request, row) =>
        decide(
          request,
          spaces.get(weights[row] as number) as WeightSpace,
          logProbs.subarray(row * actions.size, (row + 1) * actions.size),
        ),
      );
    },
    dispose: () => {
      if (disposed) return;
      disposed = true;
      for (const policy of policies) policy.variables.dispose();
    },
  };
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
