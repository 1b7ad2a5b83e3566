import { assignmentText } from "@haps/language-model";
import { ANSWERER, type Workflow } from "@haps/spec";
import { allAssignments } from "@haps/tensor";
import {
  COMPACT_CHOICE_TEMPLATE,
  COMPACT_TEMPLATES,
  createBm25Retriever,
  createSingleTurnWorkflow,
  createTeacherStudentWorkflow,
} from "@haps/workflow";
import type { ScriptSetting } from "./scripted-hop.ts";

/** Most tokens of a reply of the embedded pool to two-hop questions. */
export const POOL_REPLY_TOKENS = 16;
/** Most tokens of a reply to four-option questions. */
export const CHOICE_REPLY_TOKENS = 8;

/** Roles of two-hop questions in the order of assignments. */
export const POOL_ROLES = ["teacher", "student"] as const;
/** Roles of four-option questions. */
export const CHOICE_ROLES = [ANSWERER] as const;

/** The workflow and the retrieval that the embedded pool for two-hop questions is trained for. */
export function hopSetting(): ScriptSetting {
  return {
    workflow: createTeacherStudentWorkflow({ templates: COMPACT_TEMPLATES, maxTokens: POOL_REPLY_TOKENS }),
    retriever: createBm25Retriever(),
  };
}

/** The workflow that the embedded pool for four-option questions is trained for. */
export function choiceWorkflow(): Workflow {
  return createSingleTurnWorkflow({ template: COMPACT_CHOICE_TEMPLATE, maxTokens: CHOICE_REPLY_TOKENS });
}

/** Every assignment of two candidates as the router's language model writes it. */
export function poolAssignmentTexts(roles: readonly string[] = POOL_ROLES): readonly string[] {
  return allAssignments(roles.length, 2).map((assignment) => assignmentText(roles, assignment));
}
