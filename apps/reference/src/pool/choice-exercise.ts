import type { AtlasChoiceItem } from "@haps/benchmarks";
import type { Workflow } from "@haps/spec";
import type { Rng } from "@haps/tensor";
import type { ChoiceHabits } from "./choice-habits.ts";
import { answerPrompt, CHOICE_LETTERS, namedOption, scriptChoiceEpisode } from "./scripted-choice.ts";
import type { ScriptedCall } from "./scripted-hop.ts";
import { wordsOf } from "./word-tokenizer.ts";

/**
 * What is practised before and beside questions: to find the letter of a word among words drawn at random, or of an option among
 * those of a question; to answer a question without haste.
 */
export const CHOICE_EXERCISES = ["words", "letters", "careful"] as const;

/** See {@link CHOICE_EXERCISES}. */
export type ChoiceExercise = (typeof CHOICE_EXERCISES)[number];

/**
 * Writes exercises in the form of four-option questions. From questions alone, small models guess among the letters for a long
 * time before they look for one.
 */
export function createChoiceExercise(
  questions: readonly AtlasChoiceItem[],
  habits: ChoiceHabits,
  workflow: Workflow,
): (kind: ChoiceExercise, item: AtlasChoiceItem, rng: Rng) => ScriptedCall {
  const names = [...new Set(questions.flatMap(({ choices }) => choices.map((choice) => wordsOf(choice).at(-1) ?? "")))];
  names.sort();
  const draw = (rng: Rng): readonly string[] => {
    const drawn = new Set<string>();
    while (drawn.size < CHOICE_LETTERS.length) drawn.add(names[rng.integer(names.length)] as string);
    return [...drawn];
  };
  const letter = (options: readonly string[], rng: Rng): ScriptedCall => {
    const asked = rng.integer(CHOICE_LETTERS.length);
    const lines = options.map((option, index) => `${CHOICE_LETTERS[index]}. ${option}`);
    const text = [options[asked], ...lines, "Answer:"].join("\n");
    const prompt = answerPrompt({ id: "exercise", text }, workflow);
    return { purpose: "answer", prompt, reply: namedOption(options, asked) };
  };
  return (kind, item, rng) => {
    if (kind === "words") return letter(draw(rng), rng);
    if (kind === "letters") return letter(item.choices, rng);
    return scriptChoiceEpisode(item, { ...habits, haste: 0 }, workflow, rng)[0] as ScriptedCall;
  };
}
