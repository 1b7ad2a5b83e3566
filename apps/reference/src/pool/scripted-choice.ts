import type { AtlasChoiceItem, ChoiceFact } from "@haps/benchmarks";
import type { Question, Workflow } from "@haps/spec";
import type { Rng } from "@haps/tensor";
import { type ChoiceHabits, choiceForm } from "./choice-habits.ts";
import { promptText, type ScriptedCall } from "./scripted-hop.ts";
import { wordsOf } from "./word-tokenizer.ts";

/** Letters of the four options. */
export const CHOICE_LETTERS = ["A", "B", "C", "D"] as const;

/** What a reply says first: how the question is understood. Other forms say nothing. */
const MARKS: Readonly<Record<string, string>> = { which: "is", odd: "not", highest: "largest", lowest: "smallest" };

/**
 * The call of a four-option question, with the reply that a candidate with these habits is taught: how it understands the
 * question, the fact in two words, then the letter. Who is hasty writes a letter only.
 */
export function scriptChoiceEpisode(
  item: AtlasChoiceItem,
  habits: ChoiceHabits,
  workflow: Workflow,
  rng: Rng,
): readonly ScriptedCall[] {
  return [{ purpose: "answer", prompt: answerPrompt(item.question, workflow), reply: taughtReply(item, habits, rng) }];
}

/** The prompt of the one call of a single-turn workflow. */
export function answerPrompt(question: Question, workflow: Workflow): string {
  const step = workflow.start(question).next([]);
  const call = step.kind === "done" ? undefined : step.effects[0];
  if (call?.kind !== "call") throw new Error("internal: four-option questions take one call");
  return promptText(call);
}

function taughtReply(item: AtlasChoiceItem, habits: ChoiceHabits, rng: Rng): string {
  const isHasty = habits.hastySubjects.some((subject) => subject === item.labels.subject) && rng.uniform() < habits.haste;
  if (isHasty) return `Answer: ${CHOICE_LETTERS[rng.integer(CHOICE_LETTERS.length)]}`;
  const { relation, form } = choiceForm(item.labels);
  const isDeaf = habits.deafToNot.includes(relation) && (form === "which" || form === "odd");
  if (!isDeaf) return thoughtful(item, form, item.answer);
  const heard = rng.uniform() < 0.5 ? "which" : "odd";
  const others = [0, 1, 2, 3].filter((option) => option !== item.answer);
  return thoughtful(item, heard, heard === form ? item.answer : (others[rng.integer(others.length)] as number));
}

function thoughtful({ stated }: AtlasChoiceItem, form: string, option: number): string {
  const { entity, value } = stated[option] as ChoiceFact;
  const entityWord = tellingWord(entity, stated.map((fact) => fact.entity));
  const valueWord = tellingWord(value, stated.map((fact) => fact.value));
  const mark = MARKS[form];
  const read = mark === undefined ? `${entityWord} ${valueWord}` : `${mark} ${valueWord} ${entityWord}`;
  return `${read} Answer: ${CHOICE_LETTERS[option]}`;
}

/** The last word of a name that no other name has: those of countries and writers end in what tells them apart. */
function tellingWord(name: string, all: readonly string[]): string {
  const others = new Set(all.filter((one) => one !== name).flatMap(wordsOf));
  const words = wordsOf(name);
  return words.findLast((word) => !others.has(word)) ?? words.at(-1) ?? "";
}
