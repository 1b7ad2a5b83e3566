import { createScoredRouter, parseConfig, type Question, type RouterFactory } from "@haps/spec";
import { createRng } from "@haps/tensor";
import { z } from "zod";

/** Schema of {@link RandomRouterConfig}. */
export const randomRouterConfigSchema = z.strictObject({
  /** Name in tables and decisions. */
  id: z.string().min(1).default("random"),
});

/** What a caller of {@link createRandomRouterFactory} writes. */
export interface RandomRouterConfig extends z.input<typeof randomRouterConfigSchema> {}

/**
 * Chooses uniformly among the legal arms: what routing without knowledge gives.
 *
 * The draw depends on the seed and the question's text and context only, so it is the same in every batch and order.
 *
 * @throws ConfigError code `config`.
 *
 * @example
 * ```ts
 * const factory = createRandomRouterFactory();
 * console.assert(factory.id === "random");
 * ```
 */
export function createRandomRouterFactory(config: RandomRouterConfig = {}): RouterFactory {
  const { id } = parseConfig("createRandomRouterFactory", randomRouterConfigSchema, config);
  return {
    id,
    async createRouter({ pool, training, seed, signal }) {
      signal?.throwIfAborted();
      const rng = createRng(seed).fork("random-router");
      const { arms } = training;
      return createScoredRouter({
        id,
        pool,
        arms,
        score: (requests, legal) =>
          requests.map(({ question }, row) => {
            const open = arms.map((_, arm) => arm).filter((arm) => legal[row]?.[arm] === true);
            const chosen = open[rng.fork(contentOf(question)).integer(open.length)] as number;
            return { scores: new Float64Array(arms.length), chosen, reason: `Drawn from ${open.length} legal arms.` };
          }),
      });
    },
  };
}

function contentOf(question: Question): string {
  return JSON.stringify([question.text, ...(question.context ?? [])]);
}
