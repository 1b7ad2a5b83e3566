import type { Paragraph, Question, Reply, RoleCall, Workflow } from "@haps/spec";
import { createEpisode, type EpisodeScript } from "./create-episode.ts";
import type { ActReply, StudentReply } from "./parse/parse-rules.ts";
import { releasedParseRules } from "./parse/released-parse-rules.ts";
import {
  type ResolvedTeacherStudentOptions,
  resolveTeacherStudentOptions,
  type TeacherStudentOptions,
} from "./teacher-student-options.ts";
import { contentHash, fillTemplate } from "./template.ts";
import type { TeacherStudentPurpose } from "./templates/teacher-student-templates.ts";

/** The options with which the workflow is that of the authors' code, but for the wording of prompts. */
export const RELEASED_TEACHER_STUDENT: TeacherStudentOptions = {
  budget: 3,
  maxTokens: 256,
  rules: releasedParseRules,
  skipUnreadSummary: false,
};

/**
 * Makes the teacher-student workflow: a student searches or answers, a teacher judges each step, each keeps a summary of its own,
 * until the student answers or its search budget is spent.
 *
 * In step t the student sees its summary, the question, its last action with what came of it, the teacher's last advice, and whether it may
 * still search. It acts and sums up; the paragraph it has just found reaches its own summary in the next step only. The
 * teacher sees its summary, the question, its previous advice, the student's action and what came of it, judges and sums
 * up. A search without budget, or a last reply that cannot be read, ends without an answer. At most `4 budget + 1` calls, `4 budget`
 * with `skipUnreadSummary` (for a budget from 1).
 *
 * Calls that do not read each other's replies are asked for in one step: the same calls with the same prompts as one
 * after another, in 7 rounds instead of 13 for a budget of 3 as released, in 9 instead of 12 with `skipUnreadSummary`.
 *
 * @throws ConfigError for numbers out of range, templates with wrong slots, roles that do not match the task.
 *
 * Source: the HAPS paper (arXiv 2601.05903), §4.1, and the authors' code. Deviations: wording of prompts; titles of paragraphs are
 * shown where the retriever keeps them; no answer is `null`, not an empty one; defaults other than
 * {@link RELEASED_TEACHER_STUDENT}.
 *
 * @example
 * ```ts
 * const workflow = createTeacherStudentWorkflow({ budget: 1 });
 * const episode = workflow.start({ id: "q", text: "Who wrote it?", context: ["Ada\nAda wrote it."] });
 * const text = (content: string) => ({ kind: "text", text: content }) as const;
 * episode.next([]);
 * const search = episode.next([text("Thought: look\nAction: Search[Ada]")]);
 * console.assert(search.kind === "ask" && search.effects[0]?.kind === "retrieval");
 * ```
 */
export function createTeacherStudentWorkflow(options: TeacherStudentOptions = {}): Workflow {
  const resolved = resolveTeacherStudentOptions(options);
  const { rules, ...rest } = resolved;
  return {
    task: resolved.task,
    hash: contentHash({ workflow: "teacher-student", version: 1, rules: rules.id, ...rest }),
    start: (question) => createEpisode(() => teacherStudentScript(resolved, question)),
  };
}

/** What one agent has seen of the other and of itself. */
type Parts = Readonly<Record<"move" | "result" | "verdict" | "advice", string>>;

/** An action as later prompts show it. */
interface Act {
  readonly thought: string;
  readonly action: string;
}

function* teacherStudentScript(options: ResolvedTeacherStudentOptions, question: Question): EpisodeScript {
  const { budget, rules, skipUnreadSummary, templates } = options;
  const { observations, phrases } = templates;
  const call = callMaker(options, question);
  const context = { student: phrases.noContext, teacher: phrases.noContext };
  let parts: Parts = { move: phrases.none, result: phrases.none, verdict: phrases.none, advice: phrases.none };
  /** The teacher's summary of the last step, as long as nobody has asked for it. */
  let pending: RoleCall | null = null;
  const sumUp = (agent: keyof typeof context, text: string): void => {
    const summary = rules.summary(templates.replyPrefix.summary + text);
    context[agent] = summary ?? fillTemplate(phrases.summaryFailed, { context: context[agent] });
  };

  for (let step = 0; ; step += 1) {
    const mustFinish = step >= budget;
    const remaining = budget - step;
    const seen = { ...parts, context: context.student };
    const observation = fillTemplate(step === 0 ? observations.studentFirst : observations.studentLater, parts);
    const notice = fillTemplate(mustFinish ? phrases.mustFinish : phrases.maySearch, { remaining });
    const studentAct = call("studentAct", { ...seen, observation, budget: notice, remaining });
    const early: RoleCall | null = skipUnreadSummary ? null : pending;
    const replies = yield early === null ? [studentAct] : [early, studentAct];
    if (early !== null) sumUp("teacher", textOf(replies[0]));
    const student = rules.student(templates.replyPrefix.act + textOf(replies.at(-1)));
    const { move } = student;
    if (move.kind === "finish") return { answer: move.answer, reason: "answered" };
    if (mustFinish) return { answer: null, reason: move.kind === "search" ? "budget" : "unparsable" };

    const act = actOf(options, student);
    const result = yield* resultOf(options, student, act);
    const studentSummary = call("studentSummary", { ...seen, observation, ...act });
    const late: RoleCall | null = skipUnreadSummary ? pending : null;
    if (late !== null) {
      // The teacher's act below reads it.
      const [own, teachers] = yield [studentSummary, late];
      sumUp("student", textOf(own));
      sumUp("teacher", textOf(teachers));
    }

    parts = { ...parts, move: act.action, result };
    const told = fillTemplate(step === 0 ? observations.teacherFirst : observations.teacherLater, parts);
    const teacherSees = { ...parts, context: context.teacher, observation: told };
    const teacherAct = call("teacherAct", teacherSees);
    const answers = yield late === null ? [studentSummary, teacherAct] : [teacherAct];
    if (late === null) sumUp("student", textOf(answers[0]));
    const teacher = actOf(options, rules.teacher(templates.replyPrefix.act + textOf(answers.at(-1))));
    pending = call("teacherSummary", { ...teacherSees, ...teacher });
    parts = { ...parts, verdict: teacher.action, advice: teacher.thought };
  }
}

/** Makes the calls of one episode. */
function callMaker(
  { templates, roles, maxTokens }: ResolvedTeacherStudentOptions,
  question: Question,
): (purpose: TeacherStudentPurpose, values: Readonly<Record<string, string | number>>) => RoleCall {
  return (purpose, values) => {
    const text = fillTemplate(templates.prompts[purpose], { ...values, question: question.text, limit: maxTokens });
    const prompt = templates.form === "text" ? { text } : { messages: [{ role: "user", content: text } as const] };
    return { kind: "call", role: roles[purpose], purpose, prompt, maxTokens };
  };
}

function actOf({ templates }: ResolvedTeacherStudentOptions, { thought, action }: ActReply): Act {
  return { thought: thought ?? templates.phrases.noThought, action: action ?? templates.phrases.noAction };
}

/** What comes of a student's action that does not finish, as a text. */
function* resultOf(
  { templates }: ResolvedTeacherStudentOptions,
  { move }: StudentReply,
  { action }: Act,
): Generator<readonly [{ kind: "retrieval"; query: string }], string, readonly Reply[]> {
  const { phrases } = templates;
  if (move.kind !== "search") return fillTemplate(phrases.unparsable, { action });
  const [found] = yield [{ kind: "retrieval", query: move.query }];
  const paragraphs = found?.kind === "paragraphs" ? found.paragraphs : [];
  if (paragraphs.length === 0) return fillTemplate(phrases.nothingFound, { query: move.query });
  const shown = ({ title, text }: Paragraph): string =>
    title === undefined ? text : fillTemplate(phrases.paragraph, { title, text });
  return paragraphs.map(shown).join("\n");
}

/** `createEpisode` has checked the kinds. */
function textOf(reply: Reply | undefined): string {
  return reply?.kind === "text" ? reply.text : "";
}
