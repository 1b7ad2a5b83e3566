import { adamWConfigSchema } from "@haps/tensor";
import { z } from "zod";

const partSchema = z.strictObject({
  /** Factor on the learning rate. Default 1; 0 keeps the part as it is. */
  learningRateFactor: z.number().nonnegative().default(1),
  /** Default: that of the optimiser. */
  weightDecay: z.number().nonnegative().optional(),
});

/** Schema of {@link OptimizationConfig}. */
export const optimizationSchema = z.strictObject({
  /** AdamW with its schedule. Default: that of `createAdamW`, without weight decay. */
  optimizer: adamWConfigSchema
    .omit({ groups: true })
    .extend({ weightDecay: z.number().nonnegative().default(0) })
    .prefault({}),
  /** How the parts of the policy are trained differently. Default: all alike. */
  parts: z
    .strictObject({
      /** θ, and the encoder of the low level where parameters are not shared. */
      backbone: partSchema.prefault({}),
      /** What the high level has of its own. */
      architecture: partSchema.prefault({}),
      /** Γ, and the direction of the cost weight. */
      lora: partSchema.prefault({}),
    })
    .prefault({}),
  /** Highest joint norm of the gradients; `null`: no clipping. Default 1. */
  clipNorm: z.number().positive().nullable().default(1),
  /** Norm of the gradients before clipping above which training counts as diverged. Default 1e6. */
  gradientLimit: z.number().positive().default(1e6),
});

/** How a policy is updated, as a caller writes it; plain JSON. */
export interface OptimizationConfig extends z.input<typeof optimizationSchema> {}

/** How a policy is updated; every default filled in. */
export interface ResolvedOptimizationConfig extends z.output<typeof optimizationSchema> {}
