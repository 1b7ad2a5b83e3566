import { ConfigError, parseConfig } from "@haps/spec";
import { z } from "zod";

/** Most assignments that the form `joint` scores one by one. */
export const JOINT_LIMIT = 256;

/** Schema of {@link AssignmentHeadConfig}. */
export const assignmentHeadSchema = z.strictObject({
  /** N, number of roles. */
  roles: z.int().positive(),
  /** K, number of candidates in the pool. */
  candidates: z.int().positive(),
  /** Length of the hidden states that the head reads. */
  hiddenDimension: z.int().positive(),
  /**
   * `joint`: one logit per assignment, at most 256 of them. `autoregressive`: role by role, each seeing the choices before
   * it. `independent`: roles do not see each other. Default `joint`: the richest where it fits, and all three agree at N = 1.
   */
  form: z.enum(["joint", "autoregressive", "independent"]).default("joint"),
  /**
   * Standard deviation of the initial weights. Default 0.01: nearly the uniform policy, yet the backbone gets a gradient
   * from the first step on.
   */
  initialScale: z.number().min(0).default(0.01),
});

/** What a caller writes. */
export interface AssignmentHeadConfig extends z.input<typeof assignmentHeadSchema> {}
/** What the code reads: every default filled in. */
export interface ResolvedAssignmentHeadConfig extends z.output<typeof assignmentHeadSchema> {}

/** Parses a configuration; code `config` for a wrong field or more joint assignments than {@link JOINT_LIMIT}. */
export function resolveAssignmentHead(config: AssignmentHeadConfig): ResolvedAssignmentHeadConfig {
  const operation = "createAssignmentHead";
  const resolved = parseConfig(operation, assignmentHeadSchema, config);
  const assignments = resolved.candidates ** resolved.roles;
  if (resolved.form !== "joint" || assignments <= JOINT_LIMIT) return resolved;
  const message = `joint would need ${assignments} logits for ${resolved.candidates} candidates in ${resolved.roles} roles; expected at most ${JOINT_LIMIT}; use "autoregressive" or "independent"`;
  throw new ConfigError(operation, [{ path: "form", message }]);
}
