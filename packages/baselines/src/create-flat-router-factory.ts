import { parseConfig, type RouterFactory } from "@haps/spec";
import { createRng } from "@haps/tensor";
import { z } from "zod";
import { createArmNetwork } from "./arm-network.ts";
import { defaultBackbone } from "./default-backbone.ts";
import { createEstimateRouter } from "./estimate-router.ts";
import { createFlatTask } from "./flat-task.ts";
import { innerFolds } from "./inner-folds.ts";
import { networkConfigShape } from "./network-config.ts";
import { fitFeatures } from "./router-features.ts";
import type { NetworkParts } from "./router-parts.ts";
import { predictMean, trainMembers } from "./train-members.ts";
import { trainingCells } from "./training-cells.ts";

/** Schema of {@link FlatRouterConfig}. */
export const flatRouterConfigSchema = z.strictObject({
  ...networkConfigShape("flat"),
  /** Coupled L2 towards the starting weights, per mean row. */
  penalty: z.number().nonnegative().default(0.001),
});

/** What a caller of {@link createFlatRouterFactory} writes. */
export interface FlatRouterConfig extends z.input<typeof flatRouterConfigSchema> {}

/**
 * Routes with ONE softmax over all arms, trained for the expected reward: the control for hierarchy.
 *
 * `score_a = mean quality_a + slope * q_a(h) - costWeight * (mean cost_a + slope * c_a(h))`, `P = softmax(score / temperature)`,
 * with linear q and c on the backbone's h that start at 0. The objective is exact (expected reward plus
 * `temperature` times entropy over the recorded arms), at cost weights drawn from the context's. Members of a
 * cross-fitted ensemble are averaged; the slope is fitted on what each said about the inner fold it never learned from.
 *
 * @throws ConfigError code `config`; its `createRouter` rejects with HapsError code `data` for a table without outcomes or
 *   with fewer than two distinct texts, `non-finite` when training diverges, and with what the featurizer throws. Routers
 *   own tensors until `dispose`.
 *
 * Source: the expected form of Eq. 5 of the HAPS paper (arXiv 2601.05903), without levels.
 *
 * @example
 * ```ts
 * const lengths: FeaturizerFactory = {
 *   kind: "length",
 *   fit: () => ({ kind: "length", dimension: 1, transform: (all) => Float32Array.from(all, ({ text }) => text.length) }),
 * };
 * const factory = createFlatRouterFactory({ features: lengths });
 * console.assert(factory.id === "flat");
 * ```
 */
export function createFlatRouterFactory(parts: NetworkParts, config: FlatRouterConfig = {}): RouterFactory {
  const resolved = parseConfig("createFlatRouterFactory", flatRouterConfigSchema, config);
  const { id, temperature } = resolved;
  return {
    id,
    async createRouter(context) {
      context.signal?.throwIfAborted();
      const cells = trainingCells(context.training);
      const { dimension, training, transform } = fitFeatures(parts.features, context);
      const rng = createRng(context.seed).fork("flat-router");
      const { foldOf, count } = innerFolds(context.training, resolved.members, rng.fork("inner-folds"));
      const asked = cells.cost === null ? [] : (context.costWeights ?? []);
      const task = createFlatTask(cells, asked.length === 0 ? [0] : asked, temperature);
      const { networks, heldOut } = await trainMembers(
        {
          ...resolved,
          features: training,
          dimension,
          outputs: 2 * cells.arms,
          foldOf,
          members: count,
          weightDecay: 0,
          rng,
          makeNetwork: (random) =>
            createArmNetwork(
              parts.backbone?.(dimension, random) ?? defaultBackbone(training, dimension, 0, random),
              2 * cells.arms,
            ),
          lossOf: task.loss,
        },
        context,
        id,
      );
      const slope = task.slope(heldOut);
      return createEstimateRouter({
        id,
        context,
        cells,
        temperature,
        estimate: (questions) => {
          if (questions.length === 0) return { quality: new Float64Array(0), cost: null };
          return task.estimates(predictMean(networks, transform(questions), dimension), slope);
        },
        reason: (gain) =>
          `Highest score of one softmax over all arms, ${gain.toFixed(3)} above the arm that is best on average.`,
        dispose: () => {
          for (const network of networks) network.variables.dispose();
        },
      });
    },
  };
}
