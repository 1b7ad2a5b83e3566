import { HapsError, parseConfig, type RouterFactory } from "@haps/spec";
import { z } from "zod";
import { baseConfigShape } from "./base-config.ts";
import { columnMeans } from "./column-means.ts";
import { createEstimateRouter } from "./estimate-router.ts";
import { repeatRow } from "./repeat-row.ts";
import { trainingCells } from "./training-cells.ts";

/** Schema of {@link CheapestRouterConfig}. */
export const cheapestRouterConfigSchema = z.strictObject(baseConfigShape("cheapest"));

/** What a caller of {@link createCheapestRouterFactory} writes. */
export interface CheapestRouterConfig extends z.input<typeof cheapestRouterConfigSchema> {}

/**
 * Always chooses the legal arm with the lowest mean cost in training, whatever the cost weight.
 *
 * @throws ConfigError code `config`; its `createRouter` rejects with HapsError code `data` for a table without costs.
 *
 * @example
 * ```ts
 * const factory = createCheapestRouterFactory();
 * console.assert(factory.id === "cheapest");
 * ```
 */
export function createCheapestRouterFactory(config: CheapestRouterConfig = {}): RouterFactory {
  const { id, temperature } = parseConfig("createCheapestRouterFactory", cheapestRouterConfigSchema, config);
  return {
    id,
    async createRouter(context) {
      context.signal?.throwIfAborted();
      const cells = trainingCells(context.training);
      if (cells.cost === null) {
        throw new HapsError(
          "data",
          `createCheapestRouterFactory: table ${context.training.id} records no costs; expected costs of the arms; add them or leave this baseline out`,
          { table: context.training.id },
        );
      }
      const saved = columnMeans(cells.cost, cells.arms).means.map((cost) => -cost);
      return createEstimateRouter({
        id,
        context,
        cells,
        temperature,
        estimate: ({ length }) => ({ quality: repeatRow(saved, length), cost: null }),
        reason: () => "Lowest mean cost of the open arms in training.",
      });
    },
  };
}
