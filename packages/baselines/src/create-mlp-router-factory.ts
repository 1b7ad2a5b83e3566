import { parseConfig, type RouterFactory } from "@haps/spec";
import { createRng } from "@haps/tensor";
import { z } from "zod";
import { createArmNetwork } from "./arm-network.ts";
import { calibrationSlope } from "./calibration-slope.ts";
import { columnMeans } from "./column-means.ts";
import { contrastError } from "./contrast-error.ts";
import { defaultBackbone } from "./default-backbone.ts";
import { createEstimateRouter } from "./estimate-router.ts";
import { fitRidge, predictRidge } from "./fit-ridge.ts";
import { innerFolds } from "./inner-folds.ts";
import { networkConfigShape } from "./network-config.ts";
import { RIDGE_PENALTIES } from "./ridge-penalties.ts";
import { fitFeatures } from "./router-features.ts";
import type { NetworkParts } from "./router-parts.ts";
import { squaredErrorLoss } from "./squared-error-loss.ts";
import { predictMean, trainMembers } from "./train-members.ts";
import { trainingCells } from "./training-cells.ts";

/** Schema of {@link MlpRouterConfig}. */
export const mlpRouterConfigSchema = z.strictObject({
  ...networkConfigShape("mlp"),
  /** Width of the hidden layer where no backbone is given. */
  hidden: z.int().positive().max(4096).default(32),
  /** Decoupled weight decay. */
  weightDecay: z.number().nonnegative().default(0.01),
  /** Steps between two looks at the fold that a member does not learn from. */
  checkEvery: z.int().positive().default(5),
  /** Looks without improvement before a member stops; its best weights are kept. */
  patience: z.int().positive().default(6),
});

/** What a caller of {@link createMlpRouterFactory} writes. */
export interface MlpRouterConfig extends z.input<typeof mlpRouterConfigSchema> {}

/**
 * Predicts the quality of every arm by a small neural network, its cost by ridge regression, and takes the best
 * `quality - costWeight * cost`.
 *
 * `quality_a = mean_a + slope * mean over members (head(backbone(x)))_a`. Members minimise the squared error on all inner folds
 * but their own, stop early by the differences between arms on that one, and start at the arms' means; the slope is fitted on
 * what each said about the fold it never learned from. On pure noise the slope is near 0: the best single arm remains.
 *
 * @throws ConfigError code `config`; its `createRouter` rejects with HapsError code `data` for a table without outcomes or
 *   with fewer than two distinct texts, `non-finite` when training diverges, and with what the featurizer throws. Routers
 *   own tensors until `dispose`.
 *
 * @example
 * ```ts
 * const lengths: FeaturizerFactory = {
 *   kind: "length",
 *   fit: () => ({ kind: "length", dimension: 1, transform: (all) => Float32Array.from(all, ({ text }) => text.length) }),
 * };
 * const factory = createMlpRouterFactory({ features: lengths }, { hidden: 16 });
 * console.assert(factory.id === "mlp");
 * ```
 */
export function createMlpRouterFactory(parts: NetworkParts, config: MlpRouterConfig = {}): RouterFactory {
  const resolved = parseConfig("createMlpRouterFactory", mlpRouterConfigSchema, config);
  const { id, temperature } = resolved;
  return {
    id,
    async createRouter(context) {
      context.signal?.throwIfAborted();
      const cells = trainingCells(context.training);
      const { arms } = cells;
      const { dimension, training, transform } = fitFeatures(parts.features, context);
      const rng = createRng(context.seed).fork("mlp-router");
      const { foldOf, count } = innerFolds(context.training, resolved.members, rng.fork("inner-folds"));
      const means = columnMeans(cells.quality, arms).means;
      const deviations = cells.quality.map((value, cell) => value - (means[cell % arms] as number));
      const cost =
        cells.cost === null
          ? null
          : fitRidge({ features: training, dimension, cells: cells.cost, arms, foldOf, folds: count }, [
              ...RIDGE_PENALTIES,
              Number.POSITIVE_INFINITY,
            ]);
      const rowOf = (row: number): Float64Array => deviations.subarray(row * arms, (row + 1) * arms);
      const { networks, heldOut } = await trainMembers(
        {
          ...resolved,
          features: training,
          dimension,
          outputs: arms,
          foldOf,
          members: count,
          penalty: 0,
          rng,
          makeNetwork: (random) =>
            createArmNetwork(
              parts.backbone?.(dimension, random) ?? defaultBackbone(training, dimension, resolved.hidden, random),
              arms,
            ),
          lossOf: (outputs, rows) => squaredErrorLoss(outputs, rows.map(rowOf)),
          earlyStopping: {
            every: resolved.checkEvery,
            patience: resolved.patience,
            error: (outputs, rows) =>
              rows.reduce(
                (sum, row, place) =>
                  sum + contrastError(rowOf(row), outputs.subarray(place * arms, (place + 1) * arms)),
                0,
              ),
          },
        },
        context,
        id,
      );
      const slope = calibrationSlope(heldOut, deviations, arms);
      return createEstimateRouter({
        id,
        context,
        cells,
        temperature,
        estimate: (questions) => {
          if (questions.length === 0) return { quality: new Float64Array(0), cost: null };
          const rows = transform(questions);
          const said = predictMean(networks, rows, dimension);
          return {
            quality: said.map((value, cell) => (means[cell % arms] as number) + slope * value),
            cost: cost === null ? null : predictRidge(cost, rows),
          };
        },
        reason: (gain) =>
          `Highest reward by a neural network, ${gain.toFixed(3)} above the arm that is best on average.`,
        dispose: () => {
          for (const network of networks) network.variables.dispose();
        },
      });
    },
  };
}
