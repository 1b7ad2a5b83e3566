import type { ResolvedObjectiveConfig } from "@haps/reward";
import { ConfigError, type ConfigIssue, parseConfig } from "@haps/spec";
import { z } from "zod";
import { optimizationSchema } from "./optimization-config.ts";

const decodingSchema = z.strictObject({
  temperature: z.number().nonnegative().default(1),
  topK: z.int().positive().exactOptional(),
  topP: z.number().positive().max(1).exactOptional(),
  nucleus: z.enum(["standard", "released"]).exactOptional(),
  maxTokens: z.int().positive(),
  stop: z.array(z.string().min(1)).exactOptional(),
});

/** Schema of {@link JointTrainerConfig}. */
export const jointTrainerSchema = optimizationSchema.extend({
  /** Questions per update. Default 16. */
  questionsPerStep: z.int().positive().default(16),
  /** Episodes per question and update. Default 4, so that a question's other episodes can be its baseline. */
  rollouts: z.int().positive().default(4),
  /**
   * Episodes in a row that share one drawn assignment, a divisor of `rollouts`: tokens are then compared with others of the same
   * assignment. Default 1.
   */
  episodesPerAssignment: z.int().positive().default(1),
  /**
   * Who decides the assignments of training: `policy` samples them where they get a gradient and takes the best where they do not, as
   * released; `random` and `fixed` (candidate indices per role) are ablations. Default `policy`.
   */
  assignments: z
    .union([z.enum(["policy", "random"]), z.strictObject({ fixed: z.array(z.int().nonnegative()).min(1) })])
    .default("policy"),
  /** Whether candidates get generated weights; `false` is the ablation without a low level. Default true. */
  withLora: z.boolean().default(true),
  /** β: one for all questions, or several, of which each question of a batch gets one by chance. Default 0: quality only. */
  costWeights: z.array(z.number().nonnegative()).min(1).default([0]),
  /** How tokens are sampled; temperature 1 by default. */
  decoding: decodingSchema,
  /**
   * Which distribution's log-likelihood is raised: the `full` softmax at temperature 1, or the `sampled` one that `decoding` leaves of
   * it, as released. Default `full`.
   */
  likelihood: z.enum(["full", "sampled"]).default("full"),
  /** An episode counts with the `sum` of its tokens' log-probabilities, as in Eq. 5, or with their mean. Default `sum`. */
  tokenReduction: z.enum(["sum", "meanPerEpisode"]).default("sum"),
});

/** How a policy is trained jointly, as a caller writes it; plain JSON. */
export interface JointTrainerConfig extends z.input<typeof jointTrainerSchema> {}

/** How a policy is trained jointly; every default filled in. */
export interface ResolvedJointTrainerConfig extends z.output<typeof jointTrainerSchema> {}

/** What a configuration must fit. */
export interface JointTrainerScope {
  readonly objective: ResolvedObjectiveConfig;
  readonly roles: number;
  readonly candidates: number;
  /** Whether there is a scale for costs. */
  readonly hasCostScale: boolean;
}

/** Fills in the defaults and refuses what has no meaning together; ConfigError naming every field. */
export function resolveJointTrainer(config: JointTrainerConfig, scope: JointTrainerScope): ResolvedJointTrainerConfig {
  const operation = "createJointTrainer";
  const resolved = parseConfig(operation, jointTrainerSchema, config);
  const issues = [
    ...rolloutIssues(resolved),
    ...objectiveIssues(resolved, scope.objective),
    ...assignmentIssues(resolved, scope),
  ];
  if (!scope.hasCostScale && resolved.costWeights.some((weight) => weight > 0)) {
    issues.push({ path: "costWeights", message: "weigh costs, and there is no cost scale; fit one, or weigh them 0" });
  }
  if (issues.length > 0) throw new ConfigError(operation, issues);
  return resolved;
}

function rolloutIssues({ rollouts, episodesPerAssignment }: ResolvedJointTrainerConfig): ConfigIssue[] {
  if (rollouts % episodesPerAssignment === 0) return [];
  const message = `got ${episodesPerAssignment}; expected a divisor of the ${rollouts} rollouts of a question`;
  return [{ path: "episodesPerAssignment", message }];
}

function objectiveIssues(config: ResolvedJointTrainerConfig, objective: ResolvedObjectiveConfig): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  if (objective.assignmentGradient === "expected") {
    const message = 'outcomes of all assignments are not known live; got "expected", expected "reinforce" or "none"';
    issues.push({ path: "objective.assignmentGradient", message });
  }
  if (objective.parameterGradient === "likelihood") {
    const message = 'there are no settings to choose; got "likelihood", expected "tokenLikelihood" or "none"';
    issues.push({ path: "objective.parameterGradient", message });
  }
  if (objective.baseline.kind === "leaveOneOut" && config.rollouts === 1 && config.questionsPerStep === 1) {
    const message = "leaveOneOut needs others to compare with; raise rollouts or questionsPerStep, or take another";
    issues.push({ path: "objective.baseline", message });
  }
  return issues;
}

function assignmentIssues(
  { assignments }: ResolvedJointTrainerConfig,
  { objective, roles, candidates }: JointTrainerScope,
): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  if (assignments !== "policy" && objective.assignmentGradient !== "none") {
    const message = `the policy did not choose them; got "${objective.assignmentGradient}", expected "none"`;
    issues.push({ path: "objective.assignmentGradient", message });
  }
  if (typeof assignments !== "object") return issues;
  const { fixed } = assignments;
  if (fixed.length === roles && fixed.every((index) => index < candidates)) return issues;
  const message = `got [${fixed.join(", ")}]; expected ${roles} candidate indices below ${candidates}`;
  issues.push({ path: "assignments.fixed", message });
  return issues;
}
