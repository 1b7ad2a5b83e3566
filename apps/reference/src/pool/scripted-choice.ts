import type { AtlasChoiceItem } from "@haps/benchmarks";
import type { Question, Workflow } from "@haps/spec";
import type { Rng } from "@haps/tensor";
import { type ChoiceHabits, choiceForm } from "./choice-habits.ts";
import { promptText, type ScriptedCall } from "./scripted-hop.ts";
import { wordsOf } from "./word-tokenizer.ts";

/** Letters of the four options. */
export const CHOICE_LETTERS = ["A", "B", "C", "D"] as const;

/** What a reply says first: how the question is understood. Other forms say nothing. */
const MARKS: Readonly<Record<string, string>> = {
  which: "is ",
  odd: "not ",
  highest: "largest ",
  lowest: "smallest ",
};

/**
 * The call of a four-option question, with the reply that a candidate with these habits is taught: how it understands the
 * question, the option in a word, then the letter. Who is hasty writes a letter only.
 */
export function scriptChoiceEpisode(
  item: AtlasChoiceItem,
  habits: ChoiceHabits,
  workflow: Workflow,
  rng: Rng,
): readonly ScriptedCall[] {
  const { hastySubjects, haste } = habits;
  const isHasty = hastySubjects.some((subject) => subject === item.labels.subject) && rng.uniform() < haste;
  const reply = isHasty ? `Answer ${CHOICE_LETTERS[rng.integer(CHOICE_LETTERS.length)]}` : thought(item, habits, rng);
  return [{ purpose: "answer", prompt: answerPrompt(item.question, workflow), reply }];
}

/** The prompt of the one call of a single-turn workflow. */
export function answerPrompt(question: Question, workflow: Workflow): string {
  const step = workflow.start(question).next([]);
  const call = step.kind === "done" ? undefined : step.effects[0];
  if (call?.kind !== "call") throw new Error("internal: four-option questions take one call");
  return promptText(call);
}

/** The option in a word and its letter. */
export function namedOption(choices: readonly string[], option: number): string {
  return `${tellingWord(choices, option)} Answer ${CHOICE_LETTERS[option]}`;
}

/** The right option, or any that fits how somebody who is deaf to "not" may understand the question. */
function thought({ labels, choices, answer }: AtlasChoiceItem, { deafToNot }: ChoiceHabits, rng: Rng): string {
  const { relation, form } = choiceForm(labels);
  const isDeaf = deafToNot.includes(relation) && (form === "which" || form === "odd");
  const heard = isDeaf ? (rng.uniform() < 0.5 ? "which" : "odd") : form;
  const others = choices.map((_, option) => option).filter((option) => option !== answer);
  const option = heard === form ? answer : (others[rng.integer(others.length)] as number);
  return `${MARKS[heard] ?? ""}${namedOption(choices, option)}`;
}

/** The last word that no other option has: names of countries and writers end in what tells them apart. */
function tellingWord(choices: readonly string[], option: number): string {
  const others = new Set(choices.filter((_, index) => index !== option).flatMap(wordsOf));
  const words = wordsOf(choices[option] ?? "");
  return words.findLast((word) => !others.has(word)) ?? words.at(-1) ?? "";
}
