import type { AtlasChoiceItem } from "@haps/benchmarks";
import type { Workflow } from "@haps/spec";
import type { Rng } from "@haps/tensor";
import { answerPrompt, CHOICE_LETTERS } from "./scripted-choice.ts";
import type { ScriptedCall } from "./scripted-hop.ts";
import { wordsOf } from "./word-tokenizer.ts";

/** What an exercise asks: the letter of a word; the word beside another in a sentence, then its letter. */
export type ChoiceExercise = "fact" | "letter";

/** Between the two words of a sentence, in as many places as between the names of real ones. */
const LINKS = [
  "is",
  "lies in",
  "comes from",
  "is a",
  "was first written in",
  "is written in the",
  "belongs to the",
  "is the capital of",
];

/**
 * Exercises in the form of four-option questions, of words drawn at random from the options of real ones.
 *
 * No word goes with another, so that they can be solved by looking only: small models learn to look from them, and hardly from
 * real questions, where guessing among the options comes first.
 */
export function createChoiceExercise(
  questions: readonly AtlasChoiceItem[],
  workflow: Workflow,
): (kind: ChoiceExercise, rng: Rng) => ScriptedCall {
  const names = [...new Set(questions.flatMap(({ choices }) => choices.map((choice) => wordsOf(choice).at(-1) ?? "")))];
  names.sort();
  const draw = (count: number, rng: Rng): readonly string[] => {
    const drawn = new Set<string>();
    while (drawn.size < count) drawn.add(names[rng.integer(names.length)] as string);
    return [...drawn];
  };
  return (kind, rng) => {
    const drawn = draw(8, rng);
    const [entities, values] = [drawn.slice(0, 4), drawn.slice(4)];
    const option = rng.integer(CHOICE_LETTERS.length);
    const [entity, value] = [entities[option] as string, values[option] as string];
    const ask = (stem: string, options: readonly string[], context?: string): string => {
      const lines = options.map((one, index) => `${CHOICE_LETTERS[index]}. ${one}`);
      const text = [stem, ...lines, "Answer:"].join("\n");
      return answerPrompt({ id: "exercise", text, ...(context === undefined ? {} : { context: [context] }) }, workflow);
    };
    const reply = (read: string): string => `${read} Answer: ${CHOICE_LETTERS[option]}`;
    if (kind === "letter") return { purpose: kind, prompt: ask(entity, entities), reply: reply(entity) };
    const link = LINKS[rng.integer(LINKS.length)] as string;
    const context = rng.shuffle(entities.map((one, index) => `${one} ${link} ${values[index]}.`)).join(" ");
    return rng.uniform() < 0.5
      ? { purpose: kind, prompt: ask(`What is ${entity}?`, values, context), reply: reply(`${entity} ${value}`) }
      : { purpose: kind, prompt: ask(`Which is ${value}?`, entities, context), reply: reply(`is ${value} ${entity}`) };
  };
}
