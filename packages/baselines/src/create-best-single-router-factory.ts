import { parseConfig, type RouterFactory } from "@haps/spec";
import { z } from "zod";
import { baseConfigShape } from "./base-config.ts";
import { columnMeans } from "./column-means.ts";
import { createEstimateRouter } from "./estimate-router.ts";
import { repeatRow } from "./repeat-row.ts";
import { trainingCells } from "./training-cells.ts";

/** Schema of {@link BestSingleRouterConfig}. */
export const bestSingleRouterConfigSchema = z.strictObject(baseConfigShape("best-single"));

/** What a caller of {@link createBestSingleRouterFactory} writes. */
export interface BestSingleRouterConfig extends z.input<typeof bestSingleRouterConfigSchema> {}

/**
 * Always chooses the arm that was best in training at the request's cost weight: what one would use without a router.
 *
 * `argmax_a mean quality_a - costWeight * mean normalised cost_a`, over the legal arms.
 *
 * @throws ConfigError code `config`; its `createRouter` rejects with HapsError code `data` for a table without outcomes
 *   or without a positive cost of its best arm.
 *
 * @example
 * ```ts
 * const factory = createBestSingleRouterFactory();
 * console.assert(factory.id === "best-single");
 * ```
 */
export function createBestSingleRouterFactory(config: BestSingleRouterConfig = {}): RouterFactory {
  const { id, temperature } = parseConfig("createBestSingleRouterFactory", bestSingleRouterConfigSchema, config);
  return {
    id,
    async createRouter(context) {
      context.signal?.throwIfAborted();
      const cells = trainingCells(context.training);
      const quality = columnMeans(cells.quality, cells.arms).means;
      const cost = cells.cost === null ? null : columnMeans(cells.cost, cells.arms).means;
      return createEstimateRouter({
        id,
        context,
        cells,
        temperature,
        estimate: ({ length }) => ({
          quality: repeatRow(quality, length),
          cost: cost === null ? null : repeatRow(cost, length),
        }),
        reason: () => "Best mean reward of the open arms in training.",
      });
    },
  };
}
