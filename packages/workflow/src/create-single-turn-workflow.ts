import { ANSWERER, ConfigError, type Question, type Reply, type RoleId, type Task, type Workflow } from "@haps/spec";
import { createEpisode, type EpisodeScript } from "./create-episode.ts";
import { questionParagraphs } from "./question-paragraphs.ts";
import { contentHash, fillTemplate, templateIssues } from "./template.ts";

/** Texts of a single-turn workflow. */
export interface SingleTurnTemplate {
  readonly id: string;
  /** As one user turn for the model's chat template, or as text to continue. */
  readonly form: "messages" | "text";
  /** Slots `{question}` and, optionally, `{documents}`. */
  readonly prompt: string;
  /** What `{documents}` becomes for a question with context documents; slot `{documents}`. Without documents it is empty. */
  readonly documents: string;
}

/** What may be chosen about the single-turn workflow. */
export interface SingleTurnOptions {
  /** Default {@link CHOICE_TEMPLATE}. */
  readonly template?: SingleTurnTemplate;
  /** Most tokens of the reply. Default 256. */
  readonly maxTokens?: number;
  /** One role. Default: the role `answerer`. */
  readonly task?: Task;
}

/** Multiple choice for instruction-tuned models; the options are part of the question, facts come before it. */
export const CHOICE_TEMPLATE: SingleTurnTemplate = {
  id: "choice",
  form: "messages",
  prompt: `Answer the multiple-choice question. Think as much as you need, then end with one line of the form "Answer: X", where X is the letter of the right option.

{documents}{question}
`,
  documents: "Facts:\n{documents}\n\n",
};

/** Multiple choice for small models that were trained on this form: the reply is the letter. */
export const COMPACT_CHOICE_TEMPLATE: SingleTurnTemplate = {
  id: "compact-choice",
  form: "text",
  prompt: "Choice {documents}Question: {question} Answer:",
  documents: "Context: {documents} ",
};

/** Task of the single-turn workflow. */
export const SINGLE_TURN_TASK: Task = {
  id: "single-turn",
  description: "Answer the question in one turn.",
  roles: [{ id: ANSWERER, description: "Answers the question." }],
};

/**
 * Makes the workflow of one role and one call: the answer is the reply, trimmed. What letter it names is the scorer's matter.
 *
 * An empty reply ends without an answer.
 *
 * @throws ConfigError for a task of several roles, a template with wrong slots, a `maxTokens` below 1.
 *
 * Source: the HAPS paper (arXiv 2601.05903), §4.1, MMLU; its prompts for it are not published.
 *
 * @example
 * ```ts
 * const episode = createSingleTurnWorkflow().start({ id: "q", text: "2 + 2? (A) 3 (B) 4" });
 * episode.next([]);
 * const end = episode.next([{ kind: "text", text: " Answer: B\n" }]);
 * console.assert(end.kind === "done" && end.answer === "Answer: B");
 * ```
 */
export function createSingleTurnWorkflow(options: SingleTurnOptions = {}): Workflow {
  const { template = CHOICE_TEMPLATE, maxTokens = 256, task = SINGLE_TURN_TASK } = options;
  const [role, ...others] = task.roles;
  const slots = { required: ["question"], optional: ["documents"] };
  const issues = [
    ...templateIssues("template.prompt", template.prompt, slots),
    ...templateIssues("template.documents", template.documents, { required: [], optional: ["documents"] }),
  ];
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 1) {
    issues.push({ path: "maxTokens", message: `${maxTokens} is not a whole number from 1` });
  }
  if (role === undefined || others.length > 0) {
    issues.push({ path: "task.roles", message: `has ${task.roles.length} roles; expected one` });
  }
  if (role === undefined || issues.length > 0) throw new ConfigError("createSingleTurnWorkflow", issues);
  const resolved = { template, maxTokens, role: role.id };
  return {
    task,
    hash: contentHash({ workflow: "single-turn", version: 1, template, maxTokens, task }),
    start: (question) => createEpisode(() => singleTurnScript(resolved, question)),
  };
}

interface ResolvedOptions {
  readonly template: SingleTurnTemplate;
  readonly maxTokens: number;
  readonly role: RoleId;
}

function* singleTurnScript({ template, maxTokens, role }: ResolvedOptions, question: Question): EpisodeScript {
  const shown = questionParagraphs(question)
    .map(({ title, text }) => (title === undefined ? text : `${title}: ${text}`))
    .join(template.form === "text" ? " " : "\n\n");
  const documents = shown === "" ? "" : fillTemplate(template.documents, { documents: shown });
  const text = fillTemplate(template.prompt, { question: question.text, documents });
  const prompt = template.form === "text" ? { text } : { messages: [{ role: "user", content: text } as const] };
  const [reply]: readonly Reply[] = yield [{ kind: "call", role, purpose: "answer", prompt, maxTokens }];
  const answer = reply?.kind === "text" ? reply.text.trim() : "";
  return answer === "" ? { answer: null, reason: "unparsable" } : { answer, reason: "answered" };
}
