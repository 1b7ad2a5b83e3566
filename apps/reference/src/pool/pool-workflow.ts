import { assignmentText } from "@haps/language-model";
import { allAssignments } from "@haps/tensor";
import { COMPACT_TEMPLATES, createBm25Retriever, createTeacherStudentWorkflow } from "@haps/workflow";
import type { ScriptSetting } from "./scripted-hop.ts";

/** Most tokens of a reply of the embedded pool. */
export const POOL_REPLY_TOKENS = 16;

/** Roles in the order of assignments. */
export const POOL_ROLES = ["teacher", "student"] as const;

/** The workflow and the retrieval that the embedded pool is trained for. */
export function hopSetting(): ScriptSetting {
  return {
    workflow: createTeacherStudentWorkflow({ templates: COMPACT_TEMPLATES, maxTokens: POOL_REPLY_TOKENS }),
    retriever: createBm25Retriever(),
  };
}

/** Every assignment of two candidates as the router's language model writes it. */
export function poolAssignmentTexts(): readonly string[] {
  return allAssignments(POOL_ROLES.length, 2).map((assignment) => assignmentText(POOL_ROLES, assignment));
}
