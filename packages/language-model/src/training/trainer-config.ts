import { adamWConfigSchema, parameterGroupSchema } from "@haps/tensor";
import { z } from "zod";

/** AdamW as for any model, but for gains and biases: decay has nothing to shrink there. */
const optimizerSchema = adamWConfigSchema.extend({
  /** Exceptions by name; the first group that matches counts. Default: gains and biases do not decay. */
  groups: z.array(parameterGroupSchema).default([{ pattern: "/(gain|bias)$", learningRateFactor: 1, weightDecay: 0 }]),
});

/** Schema of {@link TrainerConfig}. */
export const trainerConfigSchema = z.strictObject({
  /** AdamW with its schedule. Default: that of `createAdamW`, without decay of gains and biases. */
  optimizer: optimizerSchema.prefault({}),
  /** Highest joint norm of the gradients; `null`: no clipping. Default 1 (Touvron et al. 2023, section 2.3). */
  clipNorm: z.number().positive().nullable().default(1),
  /**
   * Most tokens of one pass: a larger batch goes through in several, between sequences, and their gradients are added up to those of
   * the whole. It bounds the memory. Default: one pass.
   */
  microBatchTokens: z.int().positive().optional(),
  /** Norm of the gradients before clipping above which training counts as diverged and stops. Default 1e6. */
  gradientLimit: z.number().positive().default(1e6),
});

/** How a language model is trained, as a caller writes it; plain JSON. */
export interface TrainerConfig extends z.input<typeof trainerConfigSchema> {}

/** How a language model is trained; every default filled in. */
export interface ResolvedTrainerConfig extends z.output<typeof trainerConfigSchema> {}
