import { createHash } from "node:crypto";
import { HapsError, type Pool, type Question, type Task } from "@haps/spec";

/** What a routing prompt is about. */
export interface RoutingPromptParts {
  readonly task: Task;
  readonly question: Question;
  readonly pool: Pool;
}

const SLOTS = ["roles", "task", "question", "candidates"] as const;

/**
 * The four parts of the routing prompt in the order of the paper, in words of our own.
 *
 * Slots are `{roles}`, `{task}`, `{question}` and `{candidates}`; `{{` and `}}` stand for braces.
 *
 * Source: the HAPS paper (arXiv 2601.05903), §3.1: role definitions, task description, the problem, the model list.
 */
export const ROUTING_PROMPT_TEMPLATE = `Choose which language model should take each role below.

Roles:
{roles}

Task:
{task}

Question:
{question}

Candidates:
{candidates}

Name one candidate number for every role.
`;

/**
 * Renders the routing prompt p: role definitions, task description, question, candidate list.
 *
 * Slots are filled in one pass, so braces inside a question stay as they are. Candidates are numbered from 0 in pool order,
 * context documents follow the question. Equal parts give equal text.
 *
 * @param template - Text with each of the four slots at least once.
 * @throws HapsError code `config` when the template lacks a slot, names an unknown one or has a single brace.
 *
 * @example
 * ```ts
 * const task = { id: "qa", description: "Answer.", roles: [{ id: "answerer", description: "Answers." }] };
 * const prompt = renderRoutingPrompt({ task, question: { id: "1", text: "Why {x}?" }, pool: { candidates: [] } });
 * console.assert(prompt.includes("Why {x}?") && prompt.includes("- answerer: Answers."));
 * ```
 */
export function renderRoutingPrompt(parts: RoutingPromptParts, template: string = ROUTING_PROMPT_TEMPLATE): string {
  checkTemplate(template);
  const { task, question, pool } = parts;
  const values: Readonly<Record<(typeof SLOTS)[number], string>> = {
    roles: task.roles.map((role) => `- ${role.id}: ${role.description}`).join("\n"),
    task: task.description,
    question: [question.text, ...(question.context ?? [])].join("\n\n"),
    candidates: pool.candidates.map((candidate, index) => `${index}: ${candidate.id}`).join("\n"),
  };
  return template.replace(/\{\{|\}\}|\{(\w+)\}/g, (match, slot: string | undefined) =>
    slot === undefined ? match.slice(1) : values[slot as (typeof SLOTS)[number]],
  );
}

/**
 * SHA-256 of a template, in hexadecimal: the template is part of a trained policy, so checkpoints carry its hash.
 *
 * @throws HapsError code `config` as {@link renderRoutingPrompt}.
 */
export function routingPromptHash(template: string = ROUTING_PROMPT_TEMPLATE): string {
  checkTemplate(template);
  return createHash("sha256").update(template, "utf8").digest("hex");
}

function checkTemplate(template: string): void {
  const rest = template.replace(/\{\{|\}\}/g, "");
  const used = [...rest.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string);
  const unknown = used.filter((slot) => !SLOTS.some((known) => known === slot));
  const missing = SLOTS.filter((slot) => !used.includes(slot));
  const stray = /[{}]/.test(rest.replace(/\{\w+\}/g, ""));
  if (unknown.length === 0 && missing.length === 0 && !stray) return;
  const problems = [
    ...unknown.map((slot) => `unknown slot {${slot}}`),
    ...missing.map((slot) => `slot {${slot}} is missing`),
    ...(stray ? ["a single brace"] : []),
  ];
  throw new HapsError(
    "config",
    `renderRoutingPrompt: ${problems.join(", ")}; expected each of ${SLOTS.map((slot) => `{${slot}}`).join(", ")}; write {{ and }} for braces`,
    { unknown, missing, stray },
  );
}
