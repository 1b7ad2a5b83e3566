import type { TeacherStudentTemplates } from "./teacher-student-templates.ts";

/**
 * Short prompts for small models that were trained on exactly this form: about 30 words each, text to continue, every
 * label a word of its own. Prompts end with the label of the reply, so that nothing is spent on writing it.
 *
 * @example
 * ```ts
 * const workflow = createTeacherStudentWorkflow({ templates: COMPACT_TEMPLATES, maxTokens: 16 });
 * const step = workflow.start({ id: "q", text: "Who ?", context: ["A\nA is b ."] }).next([]);
 * const [call] = step.kind === "ask" ? step.effects : [];
 * const prompt = call?.kind === "call" && "text" in call.prompt ? call.prompt.text : "";
 * console.assert(prompt === "Student Question: Who ? Context: none Observation: none Advice: none Budget: 3 Thought:");
 * ```
 */
export const COMPACT_TEMPLATES: TeacherStudentTemplates = {
  id: "compact",
  form: "text",
  prompts: {
    studentAct:
      "Student Question: {question} Context: {context} Observation: {result} Advice: {advice} Budget: {remaining} Thought:",
    studentSummary: "Digest Question: {question} Context: {context} Observation: {result} Action: {action} Summary:",
    teacherAct:
      "Teacher Question: {question} Context: {context} Advice: {advice} Action: {move} Observation: {result} Thought:",
    teacherSummary: "Recap Question: {question} Context: {context} Observation: {result} Summary:",
  },
  replyPrefix: { act: "Thought: ", summary: "Summary: " },
  observations: {
    studentFirst: "none",
    studentLater: "{move} {result} {verdict} {advice}",
    teacherFirst: "{move} {result}",
    teacherLater: "{verdict} {advice} {move} {result}",
  },
  phrases: {
    noContext: "none",
    none: "none",
    maySearch: "{remaining}",
    mustFinish: "{remaining}",
    noThought: "none",
    noAction: "none",
    unparsable: "none",
    paragraph: "{text}",
    nothingFound: "none",
    summaryFailed: "{context}",
  },
};
