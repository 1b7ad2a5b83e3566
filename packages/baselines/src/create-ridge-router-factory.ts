import { parseConfig, type RouterFactory } from "@haps/spec";
import { createRng } from "@haps/tensor";
import { z } from "zod";
import { baseConfigShape } from "./base-config.ts";
import { createEstimateRouter } from "./estimate-router.ts";
import { fitRidge, predictRidge } from "./fit-ridge.ts";
import { innerFolds } from "./inner-folds.ts";
import { RIDGE_PENALTIES } from "./ridge-penalties.ts";
import { fitFeatures } from "./router-features.ts";
import type { FeatureParts } from "./router-parts.ts";
import { trainingCells } from "./training-cells.ts";

/** Schema of {@link RidgeRouterConfig}. */
export const ridgeRouterConfigSchema = z.strictObject({
  ...baseConfigShape("ridge"),
  /**
   * Relative penalties to choose from by inner folds; 1 is the mean variance of the features over the rows, and the arms' means
   * alone always stand beside them when there are several. Default 13 half decades from 1e-3 to 1e3.
   */
  penalties: z.array(z.number().positive()).min(1).default(RIDGE_PENALTIES),
  /** Inner folds that choose the penalty. Default 5. */
  folds: z.int().min(2).default(5),
});

/** What a caller of {@link createRidgeRouterFactory} writes. */
export interface RidgeRouterConfig extends z.input<typeof ridgeRouterConfigSchema> {}

/**
 * Predicts the quality and the cost of every arm by ridge regression on the question's features and takes the best
 * `quality - costWeight * cost`.
 *
 * The penalty is chosen for quality and for cost by inner folds over text groups: the one that predicts *differences* between
 * arms best, since an error shared by all arms changes no choice. When no feature helps, the arms' means remain and the
 * router is the best single arm.
 *
 * @throws ConfigError code `config`; its `createRouter` rejects with HapsError code `data` for a table without outcomes or
 *   with fewer than two distinct texts, and with what the featurizer throws.
 *
 * Source: Hoerl and Kennard, Ridge Regression: Biased Estimation for Nonorthogonal Problems (1970).
 *
 * @example
 * ```ts
 * const lengths: FeaturizerFactory = {
 *   kind: "length",
 *   fit: () => ({ kind: "length", dimension: 1, transform: (all) => Float32Array.from(all, ({ text }) => text.length) }),
 * };
 * const factory = createRidgeRouterFactory({ features: lengths });
 * console.assert(factory.id === "ridge");
 * ```
 */
export function createRidgeRouterFactory(parts: FeatureParts, config: RidgeRouterConfig = {}): RouterFactory {
  const resolved = parseConfig("createRidgeRouterFactory", ridgeRouterConfigSchema, config);
  const { id, temperature } = resolved;
  const penalties =
    resolved.penalties.length === 1 ? resolved.penalties : [...resolved.penalties, Number.POSITIVE_INFINITY];
  return {
    id,
    async createRouter(context) {
      context.signal?.throwIfAborted();
      const cells = trainingCells(context.training);
      const features = fitFeatures(parts.features, context);
      const { foldOf, count } = innerFolds(
        context.training,
        resolved.folds,
        createRng(context.seed).fork("inner-folds"),
      );
      const fit = (values: Float64Array) =>
        fitRidge(
          {
            features: features.training,
            dimension: features.dimension,
            cells: values,
            arms: cells.arms,
            foldOf,
            folds: count,
          },
          penalties,
        );
      const quality = fit(cells.quality);
      const cost = cells.cost === null ? null : fit(cells.cost);
      return createEstimateRouter({
        id,
        context,
        cells,
        temperature,
        estimate: (questions) => {
          const rows = features.transform(questions);
          return { quality: predictRidge(quality, rows), cost: cost === null ? null : predictRidge(cost, rows) };
        },
        reason: (gain) =>
          `Highest reward by ridge regression, ${gain.toFixed(3)} above the arm that is best on average.`,
      });
    },
  };
}
