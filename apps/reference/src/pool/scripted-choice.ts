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
  const { hastySubjects, haste } = habits;
  const isHasty = hastySubjects.some((subject) => subject === item.labels.subject) && rng.uniform() < haste;
  if (!isHasty) return [scriptChoiceReading(item, habits, workflow, rng)];
  const prompt = answerPrompt(item.question, workflow);
  return [{ purpose: "answer", prompt, reply: `Answer ${CHOICE_LETTERS[rng.integer(CHOICE_LETTERS.length)]}` }];
}

/**
 * The call, with the reply of a candidate that is not hasty.
 *
 * @param facts - How many sentences of the context are shown, that of the reply among them. Default: all.
 */
export function scriptChoiceReading(
  item: AtlasChoiceItem,
  habits: ChoiceHabits,
  workflow: Workflow,
  rng: Rng,
  facts: number = CHOICE_LETTERS.length,
): ScriptedCall {
  const { form, option } = understood(item, habits, rng);
  const { entity, value } = item.stated[option] as ChoiceFact;
  const names = (part: keyof ChoiceFact): readonly string[] => item.stated.map((fact) => fact[part]);
  const [entityWord, valueWord] = [tellingWord(entity, names("entity")), tellingWord(value, names("value"))];
  const mark = MARKS[form];
  const read = mark === undefined ? `${entityWord} ${valueWord}` : `${mark} ${valueWord} ${entityWord}`;
  const { context } = item.question;
  const shown = context?.map((text) => someSentences(text, { entity, value }, facts, rng));
  const question = shown === undefined ? item.question : { ...item.question, context: shown };
  return {
    purpose: "answer",
    prompt: answerPrompt(question, workflow),
    reply: `${read} Answer ${CHOICE_LETTERS[option]}`,
  };
}

/** The prompt of the one call of a single-turn workflow. */
export function answerPrompt(question: Question, workflow: Workflow): string {
  const step = workflow.start(question).next([]);
  const call = step.kind === "done" ? undefined : step.effects[0];
  if (call?.kind !== "call") throw new Error("internal: four-option questions take one call");
  return promptText(call);
}

/** The last word of a name that no other name has: those of countries and writers end in what tells them apart. */
export function tellingWord(name: string, all: readonly string[]): string {
  const others = new Set(all.filter((one) => one !== name).flatMap(wordsOf));
  const words = wordsOf(name);
  return words.findLast((word) => !others.has(word)) ?? words.at(-1) ?? "";
}

/** What is answered: the right option, or any that fits how somebody who is deaf to "not" may understand the question. */
function understood(
  { labels, answer }: AtlasChoiceItem,
  { deafToNot }: ChoiceHabits,
  rng: Rng,
): { readonly form: string; readonly option: number } {
  const { relation, form } = choiceForm(labels);
  const isDeaf = deafToNot.includes(relation) && (form === "which" || form === "odd");
  const heard = isDeaf ? (rng.uniform() < 0.5 ? "which" : "odd") : form;
  if (heard === form) return { form, option: answer };
  const others = CHOICE_LETTERS.map((_, option) => option).filter((option) => option !== answer);
  return { form: heard, option: others[rng.integer(others.length)] as number };
}

function someSentences(context: string, fact: ChoiceFact, count: number, rng: Rng): string {
  const sentences = context.split(/(?<=\.) /u);
  if (count >= sentences.length) return context;
  const states = (sentence: string, name: string): boolean =>
    ` ${wordsOf(sentence).join(" ")} `.includes(` ${wordsOf(name).join(" ")} `);
  const own = sentences.findIndex((sentence) => states(sentence, fact.entity) && states(sentence, fact.value));
  const others = sentences.map((_, place) => place).filter((place) => place !== own);
  const kept = new Set([own, ...rng.shuffle(others).slice(0, count - 1)]);
  return sentences.filter((_, place) => kept.has(place)).join(" ");
}
