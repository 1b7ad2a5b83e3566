import type { TeacherStudentTemplates } from "./teacher-student-templates.ts";

const summaryPrompt = (role: string): string => `${role}
You keep a running summary of the work on a question. Merge the summary so far with what happened in the last step.

Question:
{question}

Summary so far:
{context}

New observation:
{observation}

Your thought in this step:
{thought}

Your action in this step:
{action}

Write one summary that replaces the old one. Keep the main points, the key problems, decisions and actions, and every fact found by searching that may help to answer the question.

Reply in at most {limit} tokens, in this form:
Summary: <the merged summary>
`;

/**
 * The full-length prompts for instruction-tuned models: the content of the published ones in words of our own.
 *
 * Source: the HAPS authors' release, prompts of student and teacher. Deviation: wording.
 */
export const FULL_TEMPLATES: TeacherStudentTemplates = {
  id: "full",
  form: "messages",
  prompts: {
    studentAct: `You are a student who answers a question with the guidance of a teacher. In each step, first think about what to do, then act.

What you are given:
- Context: your own summary of all steps so far.
- Question: what has to be answered.
- Observation: the result of your last action and the teacher's advice on it.
- Budget: whether you may still search.

Choose exactly one action:
- Search[entity] looks the entity up in a local collection and returns the paragraph that fits best.
- Finish[answer] ends the work with your answer.

Rules:
- Search when you need more information; finish as soon as you know enough.
- Where the question can be understood in several ways, give the full answer, yet keep it exact and short.
- Answer a yes-or-no question with yes or no only.
- Follow the budget notice: without budget you must finish.

Context:
{context}

Question:
{question}

Observation:
{observation}

Budget:
{budget}

Reply in at most {limit} tokens, in this form:
Thought: <your reasoning and plan>
Action: <Search[entity] or Finish[answer]>
`,
    studentSummary: summaryPrompt("You are a student who answers a question with the guidance of a teacher."),
    teacherAct: `You are a teacher who guides a student towards the answer of a question. The student can search for an entity or finish with an answer.

What you are given:
- Context: your own summary of all steps so far.
- Question: what the student has to answer.
- Observation: your previous advice, if any, the student's last action and what came of it.

Judge whether the student's last step helps to answer the question, explain why, and advise on the next step where that is useful. Then give one verdict:
- [Continue]: the student is on the right way.
- [Rethink]: the last step was wrong and the student should take another way.

Be encouraging. Choose [Continue] unless the step is clearly wrong.

Context:
{context}

Question:
{question}

Observation:
{observation}

Reply in at most {limit} tokens, in this form:
Thought: <your analysis and advice>
Action: <[Continue] or [Rethink]>
`,
    teacherSummary: summaryPrompt("You are a teacher who guides a student towards the answer of a question."),
  },
  replyPrefix: { act: "", summary: "" },
  observations: {
    studentFirst: "This is the first step. Begin to work on the question.",
    studentLater: "Result of your action: {move} {result} Advice of your teacher: {verdict} {advice}",
    teacherFirst: "Action of the student: {move} {result}",
    teacherLater: "Your previous advice: {verdict} {advice} Action of the student: {move} {result}",
  },
  phrases: {
    noContext: "(none yet, this is the first step)",
    none: "none",
    maySearch: "You may search in this step.",
    mustFinish: "Your search budget is used up. You must finish now with what you know.",
    noThought: "The reply had the wrong form and contains no thought.",
    noAction: "The reply had the wrong form and contains no action.",
    unparsable: "This action cannot be understood: {action}",
    paragraph: "{title}: {text}",
    nothingFound: "Nothing was found for {query}.",
    summaryFailed: "The last summary could not be made. This is the one before it: {context}",
  },
};
