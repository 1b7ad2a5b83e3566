import { type ObjectiveConfig, objectiveSchema, type ResolvedObjectiveConfig, resolveObjective } from "@haps/reward";
import { ConfigError, parseConfig } from "@haps/spec";
import { z } from "zod";
import { levelsSchema } from "./levels.ts";

/**
 * Schema of {@link TrainerConfig}.
 *
 * The defaults are the one default configuration of all experiments; they were chosen on inner folds, see docs/log.md.
 */
export const trainerConfigSchema = z.strictObject({
  /** Members of the cross-fitted ensemble = inner folds; each member never sees its own fold. */
  members: z.int().min(2).max(20).default(5),
  /** Updates per member, warm-up included. */
  steps: z.int().positive().default(60),
  /** Share of the steps spent on the warm-up. */
  warmUpShare: z.number().min(0).max(1).default(0.3),
  /** Highest learning rate; falls to 0 along a cosine. */
  learningRate: z.number().positive().default(0.03),
  /** Rows per update; a table with fewer rows is one batch. */
  batchRows: z.int().positive().default(512),
  /** Coupled L2 towards the starting weights, in rows: it weighs `penalty / training rows` beside a loss that is a mean. */
  penalty: z.number().nonnegative().default(2.5),
  /** Temperature of the policy in units of reward, and the entropy weight τ of the objective where that names none. */
  temperature: z.number().positive().default(0.1),
  /** Highest joint gradient norm. */
  clipNorm: z.number().positive().default(10),
});

/** What a caller writes to shape training. */
export interface TrainerConfig extends z.input<typeof trainerConfigSchema> {}

/** With every default filled in. */
export interface ResolvedTrainerConfig extends z.output<typeof trainerConfigSchema> {}

/** Schema of {@link ShrinkageConfig}. */
export const shrinkageSchema = z.strictObject({
  /** Margins that are tried, in units of reward; the policy leaves the best arm on train only for an estimated gain above. */
  margins: z.array(z.number().nonnegative()).min(1).default([0, 0.01, 0.02, 0.04, 0.08]),
  /**
   * Standard errors subtracted from the held-out gain of a margin before the best one is taken. Where none stays positive
   * the policy never leaves the best arm.
   */
  standardErrors: z.number().nonnegative().default(0.5),
  /** Held-out quality that the operating point may lose against the best arm on train. */
  tolerance: z.number().nonnegative().default(0.015),
});

/** How far the router trusts itself. */
export interface ShrinkageConfig extends z.input<typeof shrinkageSchema> {}
/** With every default filled in. */
export interface ResolvedShrinkageConfig extends z.output<typeof shrinkageSchema> {}

/** Schema of {@link HapsConfig}. */
export const hapsConfigSchema = z.strictObject({
  trainer: trainerConfigSchema.prefault({}),
  /** The objective; `entropyWeight` and the warm-up's temperature default to the trainer's temperature. */
  objective: objectiveSchema.partial().prefault({}),
  levels: levelsSchema.prefault({}),
  shrinkage: shrinkageSchema.prefault({}),
  /** Whether both levels read one backbone; `false` is the ablation of paper §4.4. */
  shareParameters: z.boolean().default(true),
});

/** What a caller writes to train HAPS. */
export interface HapsConfig {
  readonly trainer?: TrainerConfig;
  readonly objective?: ObjectiveConfig;
  readonly levels?: z.input<typeof levelsSchema>;
  readonly shrinkage?: ShrinkageConfig;
  readonly shareParameters?: boolean;
}

/** With every default filled in; plain JSON. */
export interface ResolvedHapsConfig extends Omit<z.output<typeof hapsConfigSchema>, "objective"> {
  readonly objective: ResolvedObjectiveConfig;
}

/**
 * Fills in the defaults.
 *
 * @throws ConfigError naming every field that is wrong, and objectives without a meaning on recorded outcomes.
 */
export function resolveHapsConfig(config: HapsConfig = {}): ResolvedHapsConfig {
  const { objective = {}, ...rest } = config;
  const parsed = parseConfig("resolveHapsConfig", hapsConfigSchema, rest);
  const { temperature } = parsed.trainer;
  const defaults = { entropyWeight: temperature, warmUp: { kind: "soft", temperature } } as const;
  const resolved = resolveObjective({ ...defaults, ...objective });
  if (resolved.parameterGradient === "tokenLikelihood") {
    const message =
      'recorded outcomes hold no tokens to differentiate; got "tokenLikelihood", expected "likelihood" or "none", or train live with createJointTrainer';
    throw new ConfigError("resolveHapsConfig", [{ path: "objective.parameterGradient", message }]);
  }
  return { ...parsed, objective: resolved };
}
