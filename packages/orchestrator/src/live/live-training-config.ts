import { z } from "zod";

/** Schema of {@link LiveTrainingConfig}. */
export const liveTrainingSchema = z.strictObject({
  /** Most steps. */
  steps: z.int().positive(),
  /** Steps between two looks at valid; there is always one after the last step. */
  validateEvery: z.int().positive(),
  /** Looks in a row without improvement after which training stops; `null`: never. Default `null`. */
  patience: z.int().positive().nullable().default(null),
  /** An improvement is a score above the best by more than this. Default 1e-12, as released. */
  minimumGain: z.number().nonnegative().default(1e-12),
  /** Whether the weights to start from are looked at too, so that the result is never worse on valid. Default true. */
  validateAtStart: z.boolean().default(true),
});

/** How long a training goes on, as a caller writes it; plain JSON. */
export interface LiveTrainingConfig extends z.input<typeof liveTrainingSchema> {}

/** How long a training goes on; every default filled in. */
export interface ResolvedLiveTrainingConfig extends z.output<typeof liveTrainingSchema> {}
