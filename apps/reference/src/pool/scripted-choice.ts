import type { AtlasChoiceItem } from "@haps/benchmarks";
import type { Workflow } from "@haps/spec";
import type { Rng } from "@haps/tensor";
import { type ChoiceHabits, choiceForm } from "./choice-habits.ts";
import { promptText, type ScriptedCall } from "./scripted-hop.ts";
import { wordsOf } from "./word-tokenizer.ts";

const LETTERS = ["A", "B", "C", "D"] as const;

/** What a reply says first: how the question is understood. Other forms say nothing. */
const MARKS: Readonly<Record<string, string>> = { which: "is", odd: "not", highest: "largest", lowest: "smallest" };

/**
 * The call of a four-option question, with the reply that a candidate with these habits is taught: how it understands the
 * question, the option in a word, then its letter. Who is hasty writes a letter only.
 */
export function scriptChoiceEpisode(
  item: AtlasChoiceItem,
  habits: ChoiceHabits,
  workflow: Workflow,
  rng: Rng,
): readonly ScriptedCall[] {
  const step = workflow.start(item.question).next([]);
  const call = step.kind === "done" ? undefined : step.effects[0];
  if (call?.kind !== "call") throw new Error("internal: four-option questions take one call");
  return [{ purpose: call.purpose, prompt: promptText(call), reply: taughtReply(item, habits, rng) }];
}

function taughtReply(item: AtlasChoiceItem, habits: ChoiceHabits, rng: Rng): string {
  const isHasty = habits.hastySubjects.some((subject) => subject === item.labels.subject) && rng.uniform() < habits.haste;
  if (isHasty) return `Answer: ${LETTERS[rng.integer(LETTERS.length)]}`;
  const { relation, form } = choiceForm(item.labels);
  const isDeaf = habits.deafToNot.includes(relation) && (form === "which" || form === "odd");
  if (!isDeaf) return thoughtful(item, form, item.answer);
  const heard = rng.uniform() < 0.5 ? "which" : "odd";
  const others = [0, 1, 2, 3].filter((option) => option !== item.answer);
  return thoughtful(item, heard, heard === form ? item.answer : (others[rng.integer(others.length)] as number));
}

function thoughtful({ choices }: AtlasChoiceItem, form: string, option: number): string {
  const mark = MARKS[form];
  return `${mark === undefined ? "" : `${mark} `}${shortName(choices, option)} Answer: ${LETTERS[option]}`;
}

/** The last word that no other option has: names of countries and writers end in what tells them apart. */
function shortName(choices: readonly string[], option: number): string {
  const others = new Set(choices.filter((_, index) => index !== option).flatMap(wordsOf));
  const words = wordsOf(choices[option] ?? "");
  return words.findLast((word) => !others.has(word)) ?? words.at(-1) ?? "";
}
