export {
  type AssignmentHeadConfig,
  assignmentHeadSchema,
  JOINT_LIMIT,
  type ResolvedAssignmentHeadConfig,
} from "./config.ts";
export { type AssignmentHeadOptions, createAssignmentHead } from "./create-assignment-head.ts";
export { createScoredAssignments, type ScoredAssignmentsOptions } from "./create-scored-assignments.ts";
