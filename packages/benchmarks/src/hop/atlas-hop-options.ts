import { z } from "zod";

/** Schema of {@link AtlasHopOptions}. */
export const atlasHopOptionsSchema = z.strictObject({
  /** Another seed gives other splits, questions and worlds. Default 1, the seed of the published hash. */
  seed: z.int().default(1),
  /** Questions to train a router on. Default 4,000. */
  train: z.int().nonnegative().default(4000),
  /** Questions to choose by. Default 500. */
  valid: z.int().nonnegative().default(500),
  /** Questions that are looked at once. Default 5,000. */
  test: z.int().nonnegative().default(5000),
  /**
   * Further questions to train candidates on: chains of train in other wordings, so that a router is not trained where the
   * candidates were. Texts are kept apart from those of `train` in the same call: ask for both together. A text may come
   * several times, each time in a world of its own. Default 0.
   */
  pretrain: z.int().nonnegative().default(0),
  /** Chance that the facts of a question are replaced at random. Default 0.5. */
  counterfactual: z.number().min(0).max(1).default(0.5),
  /** Part of the questions that go over a bridge; the rest compares. Default 0.6. */
  bridge: z.number().min(0).max(1).default(0.6),
});

/** What to generate. */
export interface AtlasHopOptions extends z.input<typeof atlasHopOptionsSchema> {}

/** The options with every default filled in. */
export interface ResolvedAtlasHopOptions extends z.output<typeof atlasHopOptionsSchema> {}
