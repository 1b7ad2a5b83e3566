import type { ConfigIssue } from "@haps/spec";
import { type TemplateSlots, templateIssues } from "../template.ts";

/** The four kinds of call of the teacher-student workflow. */
export const TEACHER_STUDENT_PURPOSES = ["studentAct", "studentSummary", "teacherAct", "teacherSummary"] as const;

/** One of {@link TEACHER_STUDENT_PURPOSES}. */
export type TeacherStudentPurpose = (typeof TEACHER_STUDENT_PURPOSES)[number];

/**
 * Every text of the teacher-student workflow. Plain data, hashed into the workflow's hash.
 *
 * Slots of prompts: `{question}`, `{context}` (the reader's own summary), `{observation}` (made by {@link TeacherStudentTemplates.observations}),
 * `{limit}` (tokens of the reply); `{budget}` and `{remaining}` (searches left) for the student's act; `{thought}` and `{action}` (the
 * reply to be summarised) for summaries. All of them, and observations, may use the parts `{move}` (the student's last action that
 * the reader has seen), `{result}` (what came of it), `{verdict}` and `{advice}` (the teacher's last action and thought).
 */
export interface TeacherStudentTemplates {
  readonly id: string;
  /** As one user turn for the model's chat template, or as text to continue. */
  readonly form: "messages" | "text";
  readonly prompts: Readonly<Record<TeacherStudentPurpose, string>>;
  /** What a prompt ends with and the reply therefore lacks; put in front of replies before they are read. Empty: nothing. */
  readonly replyPrefix: { readonly act: string; readonly summary: string };
  readonly observations: {
    readonly studentFirst: string;
    readonly studentLater: string;
    readonly teacherFirst: string;
    readonly teacherLater: string;
  };
  readonly phrases: {
    /** The context before the first summary. */
    readonly noContext: string;
    /** A part that is not there yet. */
    readonly none: string;
    /** Notices about the budget; slot `{remaining}`. */
    readonly maySearch: string;
    readonly mustFinish: string;
    /** In place of a thought or an action that a reply lacks. */
    readonly noThought: string;
    readonly noAction: string;
    /** Result of an action that cannot be read; slot `{action}`. */
    readonly unparsable: string;
    /** Result of a search; slots `{title}` and `{text}`. Without a title the text stands alone. */
    readonly paragraph: string;
    /** Result of a search that found nothing; slot `{query}`. */
    readonly nothingFound: string;
    /** The context after a summary that cannot be read; slot `{context}`, the one before. */
    readonly summaryFailed: string;
  };
}

const PARTS = ["move", "result", "verdict", "advice"];
const ANYTHING = ["context", "observation", "limit", ...PARTS];
const SLOTS: Readonly<Record<TeacherStudentPurpose, TemplateSlots>> = {
  studentAct: { required: ["question"], optional: ["budget", "remaining", ...ANYTHING] },
  studentSummary: { required: ["question"], optional: ["thought", "action", ...ANYTHING] },
  teacherAct: { required: ["question"], optional: ANYTHING },
  teacherSummary: { required: ["question"], optional: ["thought", "action", ...ANYTHING] },
};
const PHRASE_SLOTS: Readonly<Record<keyof TeacherStudentTemplates["phrases"], readonly string[]>> = {
  noContext: [],
  none: [],
  maySearch: ["remaining"],
  mustFinish: ["remaining"],
  noThought: [],
  noAction: [],
  unparsable: ["action"],
  paragraph: ["title", "text"],
  nothingFound: ["query"],
  summaryFailed: ["context"],
};

/** Everything wrong with a set of templates, with its place. */
export function templateSetIssues(templates: TeacherStudentTemplates): readonly ConfigIssue[] {
  const { prompts, observations, phrases } = templates;
  return [
    ...TEACHER_STUDENT_PURPOSES.flatMap((purpose) =>
      templateIssues(`templates.prompts.${purpose}`, prompts[purpose], SLOTS[purpose]),
    ),
    ...Object.entries(observations).flatMap(([name, text]) =>
      templateIssues(`templates.observations.${name}`, text, { required: [], optional: PARTS }),
    ),
    ...Object.entries(PHRASE_SLOTS).flatMap(([name, optional]) => {
      const text = phrases[name as keyof typeof phrases];
      return templateIssues(`templates.phrases.${name}`, text, { required: [], optional });
    }),
  ];
}
