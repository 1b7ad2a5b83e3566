import { type OutcomeTable, parseConfig, type RouterFactory } from "@haps/spec";
import { createRng } from "@haps/tensor";
import { z } from "zod";
import { baseConfigShape } from "./base-config.ts";
import { createEstimateRouter } from "./estimate-router.ts";
import {
  chooseVote,
  type NeighbourTarget,
  type NeighbourVote,
  neighbourEstimate,
  neighbourTarget,
} from "./fit-neighbours.ts";
import { indexRows, type Neighbours, nearestRows, type RowIndex, unitRows } from "./nearest-rows.ts";
import { fitFeatures } from "./router-features.ts";
import type { FeatureParts } from "./router-parts.ts";
import { trainingCells } from "./training-cells.ts";

/** Schema of {@link KnnRouterConfig}. */
export const knnRouterConfigSchema = z.strictObject({
  ...baseConfigShape("knn"),
  /** Neighbours that vote, or `null` to choose among half to eight times the square root of the rows. */
  neighbours: z.int().positive().nullable().default(null),
  /** Weight of the arm's mean in units of summed similarity, or `null` to choose. */
  shrinkage: z.number().nonnegative().nullable().default(null),
  /** At most so many rows are left out in turn to choose with. Default 1000: enough to rank the choices, quick on large tables. */
  validationRows: z.int().positive().default(1000),
});

/** What a caller of {@link createKnnRouterFactory} writes. */
export interface KnnRouterConfig extends z.input<typeof knnRouterConfigSchema> {}

type ResolvedKnnRouterConfig = z.output<typeof knnRouterConfigSchema>;

/**
 * Estimates quality and cost of every arm from the most similar training questions and takes the best
 * `quality - costWeight * cost`.
 *
 * `estimate_a = mean_a + Σ_i s_i (y_ia - mean_a) / (Σ_i s_i + shrinkage)`, `s_i = max(0, cosine)` of the centred features, over
 * the k nearest rows in which arm a was run. k and the shrinkage are chosen by leaving training texts out in turn, for quality
 * and for cost: those that predict *differences* between arms best. A question unlike all others gets the arms' means.
 *
 * @throws ConfigError code `config`; its `createRouter` rejects with HapsError code `data` for a table without outcomes, and
 *   with what the featurizer throws.
 *
 * Source: Cover and Hart, Nearest Neighbor Pattern Classification (1967); the shrinkage is ours.
 *
 * @example
 * ```ts
 * const lengths: FeaturizerFactory = {
 *   kind: "length",
 *   fit: () => ({ kind: "length", dimension: 1, transform: (all) => Float32Array.from(all, ({ text }) => text.length) }),
 * };
 * const factory = createKnnRouterFactory({ features: lengths }, { neighbours: 5 });
 * console.assert(factory.id === "knn");
 * ```
 */
export function createKnnRouterFactory(parts: FeatureParts, config: KnnRouterConfig = {}): RouterFactory {
  const resolved = parseConfig("createKnnRouterFactory", knnRouterConfigSchema, config);
  const { id, temperature } = resolved;
  return {
    id,
    async createRouter(context) {
      context.signal?.throwIfAborted();
      const { training, seed } = context;
      const cells = trainingCells(training);
      const features = fitFeatures(parts.features, context);
      const index = indexRows(features.training, features.dimension);
      const votes = votesOf(resolved, training.rows.length);
      const most = Math.max(...votes.map((vote) => vote.neighbours));
      const rows = createRng(seed)
        .fork("validation-rows")
        .shuffle([...training.rows.keys()])
        .slice(0, resolved.validationRows);
      const near = votes.length === 1 ? [] : rows.map((row) => neighboursOutsideGroup(index, training, row, most));
      const fit = (values: Float64Array): { readonly target: NeighbourTarget; readonly vote: NeighbourVote } => {
        const target = neighbourTarget(values, cells.arms);
        return {
          target,
          vote: votes.length === 1 ? (votes[0] as NeighbourVote) : chooseVote(target, rows, near, votes),
        };
      };
      const quality = fit(cells.quality);
      const cost = cells.cost === null ? null : fit(cells.cost);
      return createEstimateRouter({
        id,
        context,
        cells,
        temperature,
        estimate: (questions) => {
          const unit = unitRows(features.transform(questions), index.centre);
          const found = questions.map((_, row) =>
            nearestRows(index, unit.subarray(row * index.dimension, (row + 1) * index.dimension), most),
          );
          const estimate = ({ target, vote }: typeof quality): Float64Array => {
            const estimates = new Float64Array(found.length * cells.arms);
            found.forEach((one, row) => {
              estimates.set(neighbourEstimate(target, one, vote), row * cells.arms);
            });
            return estimates;
          };
          return { quality: estimate(quality), cost: cost === null ? null : estimate(cost) };
        },
        reason: (gain) =>
          `Highest reward among similar training questions, ${gain.toFixed(3)} above the arm that is best on average.`,
      });
    },
  };
}

/** The choices in order of caution: the mean first, so that it wins ties. */
function votesOf(config: ResolvedKnnRouterConfig, rows: number): NeighbourVote[] {
  const root = Math.sqrt(rows);
  const counts =
    config.neighbours === null ? [8, 4, 2, 1, 0.5].map((factor) => Math.ceil(factor * root)) : [config.neighbours];
  const votes = counts.flatMap((neighbours) => {
    const shrinkages =
      config.shrinkage === null ? [2, 1, 0.5, 0.25, 0.1].map((factor) => factor * neighbours) : [config.shrinkage];
    return shrinkages.map((shrinkage) => ({ neighbours, shrinkage }));
  });
  return config.shrinkage === null
    ? [{ neighbours: counts[0] as number, shrinkage: Number.POSITIVE_INFINITY }, ...votes]
    : votes;
}

function neighboursOutsideGroup(index: RowIndex, training: OutcomeTable, row: number, count: number): Neighbours {
  const group = training.rows[row]?.group;
  const query = index.unit.subarray(row * index.dimension, (row + 1) * index.dimension);
  return nearestRows(index, query, count, (other) => training.rows[other]?.group !== group);
}
