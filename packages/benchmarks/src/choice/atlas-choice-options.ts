import { z } from "zod";

/** Schema of {@link AtlasChoiceOptions}. */
export const atlasChoiceOptionsSchema = z
  .strictObject({
    /** Another seed gives other splits, questions and worlds. Default 1, the seed of the published hash. */
    seed: z.int().default(1),
    /** Questions to train a router on. Default 4,000. */
    train: z.int().nonnegative().default(4000),
    /** Questions to choose by. Default 500. */
    valid: z.int().nonnegative().default(500),
    /** Questions that are looked at once. Default 5,000. */
    test: z.int().nonnegative().default(5000),
    /** Further questions of train's chains to train candidates on, so that a router is trained elsewhere. Default 0. */
    pretrain: z.int().nonnegative().default(0),
    /** `facts`: four sentences come with the question and are enough; `none`: as in MMLU, from memory. Default `facts`. */
    context: z.enum(["facts", "none"]).default("facts"),
    /** Chance that the facts of a question are replaced at random. Default 0.5 with facts, 0 without. */
    counterfactual: z.number().min(0).max(1).optional(),
  })
  .refine(({ context, counterfactual = 0 }) => context === "facts" || counterfactual === 0, {
    path: ["counterfactual"],
    message: "without facts in the context only the true world can be asked about; expected 0",
  })
  .transform((options) => ({
    ...options,
    counterfactual: options.counterfactual ?? (options.context === "facts" ? 0.5 : 0),
  }));

/** What to generate. */
export interface AtlasChoiceOptions extends z.input<typeof atlasChoiceOptionsSchema> {}

/** The options with every default filled in. */
export interface ResolvedAtlasChoiceOptions extends z.output<typeof atlasChoiceOptionsSchema> {}
