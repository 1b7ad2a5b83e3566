import { ConfigError, parseConfig } from "@haps/spec";
import { z } from "zod";
import { baselineSchema } from "./advantages.ts";

/** Schema of {@link WarmUpConfig}. */
export const warmUpSchema = z.discriminatedUnion("kind", [
  /** No warm-up: joint training starts from the initial policy. */
  z.strictObject({ kind: z.literal("none") }),
  /** Cross-entropy to a softmax of the rewards; equal arms need no tie policy. */
  z.strictObject({
    kind: z.literal("soft"),
    /** Temperature of the targets in units of reward. Default 0.1: a tenth of the reward's range is a factor e. */
    temperature: z.number().positive().default(0.1),
  }),
  /** Cross-entropy to the best arm, as the authors do. */
  z.strictObject({
    kind: z.literal("hard"),
    /** Default `all`, which the authors' instructions use. */
    tiePolicy: z.enum(["all", "randomOne", "deterministicOne"]).default("all"),
    /** Questions whose best reward is below this are dropped. Default 1e-6, the authors' value. */
    minimumReward: z.number().default(1e-6),
  }),
]);

/** What the policy is fitted to before joint training. */
export type WarmUpConfig = z.output<typeof warmUpSchema>;

/** Schema of {@link ObjectiveConfig}. */
export const objectiveSchema = z.strictObject({
  /**
   * Gradient of the high level: `expected` sums over the recorded arms, `reinforce` is Eq. 5 on sampled arms, `none` gives
   * it no gradient, as the authors' code does. Default `expected`: exact, without sampling noise.
   */
  assignmentGradient: z.enum(["none", "reinforce", "expected"]).default("expected"),
  /**
   * Gradient of the low level: `likelihood` through the log-probability of the settings, `tokenLikelihood` through that of the tokens
   * which the candidates wrote with generated LoRA weights (live training only), or `none`. Default `likelihood`.
   */
  parameterGradient: z.enum(["likelihood", "tokenLikelihood", "none"]).default("likelihood"),
  /** What is subtracted from rewards of sampled arms; `expected` needs none. Default `none`, as in Eq. 5. */
  baseline: baselineSchema.default({ kind: "none" }),
  /** τ, weight of the policy's entropy in units of reward. Default 0, as in Eq. 5. */
  entropyWeight: z.number().min(0).default(0),
  /** Over the rows of a batch. Default `mean`, so that a learning rate does not depend on the batch size. */
  reduction: z.enum(["sum", "mean"]).default("mean"),
  /** Shaping of quality. Default `identity`. */
  shaping: z.enum(["identity", "zeroIsMinusOne"]).default("identity"),
  /** α, weight of quality; β comes with each request. Default 1. */
  qualityWeight: z.number().min(0).default(1),
  /** How costs are normalised on the training part. Default `bestArm`: a cost weight then reads "quality per best arm's cost". */
  costScale: z.enum(["minMax", "bestArm"]).default("bestArm"),
  /** Largest importance weight of a logged arm. Default 10: the usual compromise between bias and variance. */
  importanceClip: z.number().positive().default(10),
  /** Default: soft targets. */
  warmUp: warmUpSchema.default({ kind: "soft", temperature: 0.1 }),
});

/** What a caller writes. */
export interface ObjectiveConfig extends z.input<typeof objectiveSchema> {}
/** What the code reads: every default filled in. */
export interface ResolvedObjectiveConfig extends z.output<typeof objectiveSchema> {}

/** Named settings of the objective, as data. */
export const objectivePresets = {
  /** What the authors' code does, as far as it applies to settings: no gradient for z, 0 becomes -1, sums, all ties. */
  released: {
    assignmentGradient: "none",
    parameterGradient: "likelihood",
    baseline: { kind: "none" },
    entropyWeight: 0,
    reduction: "sum",
    shaping: "zeroIsMinusOne",
    qualityWeight: 1,
    costScale: "minMax",
    warmUp: { kind: "hard", tiePolicy: "all", minimumReward: 1e-6 },
  },
  /** Eq. 5 of the paper: reward times log P(z, w | p) of sampled arms, costs by min-max. */
  paper: {
    assignmentGradient: "reinforce",
    parameterGradient: "likelihood",
    baseline: { kind: "none" },
    entropyWeight: 0,
    reduction: "mean",
    shaping: "identity",
    qualityWeight: 1,
    costScale: "minMax",
    warmUp: { kind: "hard", tiePolicy: "all", minimumReward: 1e-6 },
  },
} as const satisfies Readonly<Record<string, ObjectiveConfig>>;

/**
 * Parses an objective and refuses combinations that have no meaning.
 *
 * @throws ConfigError for an unknown or wrong field, and for a baseline beside `expected`.
 *
 * @example
 * ```ts
 * console.assert(resolveObjective(objectivePresets.paper).assignmentGradient === "reinforce");
 * ```
 */
export function resolveObjective(config: ObjectiveConfig): ResolvedObjectiveConfig {
  const operation = "resolveObjective";
  const resolved = parseConfig(operation, objectiveSchema, config);
  if (resolved.assignmentGradient === "expected" && resolved.baseline.kind !== "none") {
    const message = `the exact sum needs no baseline; got "${resolved.baseline.kind}", expected "none" or another assignmentGradient`;
    throw new ConfigError(operation, [{ path: "baseline", message }]);
  }
  return resolved;
}

/**
 * Refuses an objective that the table cannot feed.
 *
 * @throws ConfigError when the table holds only arms that a logging policy chose (it has propensities) and the objective
 * is `expected`: the unseen arms are then not missing at random, and a sum over the seen ones is biased.
 *
 * @example
 * ```ts
 * assertObjectiveFits(resolveObjective(objectivePresets.paper), { propensity: [0.5] });
 * ```
 */
export function assertObjectiveFits(
  config: Pick<ResolvedObjectiveConfig, "assignmentGradient">,
  table: { readonly propensity?: ArrayLike<number> },
): void {
  if (config.assignmentGradient !== "expected" || table.propensity === undefined) return;
  const message =
    'the table has propensities, so only chosen arms were seen; got "expected", expected "reinforce", which weighs by them';
  throw new ConfigError("assertObjectiveFits", [{ path: "assignmentGradient", message }]);
}
