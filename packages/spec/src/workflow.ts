import type { Prompt } from "./engine.ts";
import type { Abortable } from "./router.ts";
import type { Question, RoleId, Task } from "./task.ts";

/** An episode asks a role. Who plays it, with which decoding and LoRA weights, is the runner's matter. */
export interface RoleCall {
  readonly kind: "call";
  readonly role: RoleId;
  /** What the call is for, by the workflow's own names, e.g. `studentAct`. */
  readonly purpose: string;
  readonly prompt: Prompt;
  /** Most tokens of the reply, at least 1; the role's decoding may allow fewer. Default: what the decoding allows. */
  readonly maxTokens?: number;
}

/** An episode searches the paragraphs of its question. */
export interface Retrieval {
  readonly kind: "retrieval";
  readonly query: string;
}

/** One thing that an episode needs from outside. */
export type Effect = RoleCall | Retrieval;

/** One context document of a question. */
export interface Paragraph {
  /** Position among the question's context documents, from 0. */
  readonly index: number;
  /** Absent where the document has none, or where titles are left out. */
  readonly title?: string;
  readonly text: string;
}

/** The answer to one effect: the text of a reply without end tokens, or the paragraphs found, best first. */
export type Reply =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "paragraphs"; readonly paragraphs: readonly Paragraph[] };

/** Why an episode ended: with an answer, by a search beyond the budget, or by a last reply that cannot be read. */
export type EndReason = "answered" | "budget" | "unparsable";

/** What an episode wants next: answers to effects that do not depend on each other, or nothing more. */
export type Step =
  | { readonly kind: "ask"; readonly effects: readonly Effect[] }
  | { readonly kind: "done"; readonly answer: string | null; readonly reason: EndReason };

/**
 * One question on its way through a workflow.
 *
 * Deterministic: the same replies give the same steps, so that an episode is resumed by replaying them.
 */
export interface Episode {
  /**
   * The next step; the first call takes no replies.
   *
   * @param replies - One for each effect of the step before, in its order and of its kind.
   * @throws HapsError code `state` for replies that do not fit the step before, or after the end.
   */
  next(replies: readonly Reply[]): Step;
}

/** How the roles of a task turn a question into an answer. */
export interface Workflow {
  readonly task: Task;
  /** SHA-256 of everything that decides its steps (templates, rules, budget), for manifests and caches. */
  readonly hash: string;
  /** A fresh episode; the question is borrowed. */
  start(question: Question): Episode;
}

/**
 * Finds paragraphs among the context documents of a question.
 *
 * Implementations promise: the same question and query give the same paragraphs; ties go to the earlier document; documents are
 * indexed or encoded once for a question.
 */
export interface Retriever {
  /** Names the method and everything that decides what it finds: equal ids, equal paragraphs. */
  readonly id: string;
  /**
   * Paragraphs, best first; may be empty.
   *
   * @throws HapsError code `data` for a question without documents, and whatever a remote index fails with: errors are never
   *   search results.
   */
  retrieve(
    question: Question,
    query: string,
    options?: Abortable,
  ): readonly Paragraph[] | Promise<readonly Paragraph[]>;
}
