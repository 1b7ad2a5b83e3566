import type { AtlasChoiceItem } from "@haps/benchmarks";
import type { Workflow } from "@haps/spec";
import type { Rng } from "@haps/tensor";
import type { ChoiceHabits } from "./choice-habits.ts";
import { answerPrompt, CHOICE_LETTERS, scriptChoiceReading, tellingWord } from "./scripted-choice.ts";
import type { ScriptedCall } from "./scripted-hop.ts";
import { wordsOf } from "./word-tokenizer.ts";

/**
 * Exercises before questions: the letter of a word among words drawn at random; the letter of an option, with the context of a
 * question; a question whose context has one fact, that of the answer, or two.
 */
export const CHOICE_EXERCISES = ["words", "letters", "one-fact", "two-facts"] as const;

/** See {@link CHOICE_EXERCISES}. */
export type ChoiceExercise = (typeof CHOICE_EXERCISES)[number];

/**
 * Writes exercises in the form of four-option questions. From questions alone, small models learn to guess among the options and
 * little else for a long time.
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
  const letter = (options: readonly string[], context: readonly string[] | undefined, rng: Rng): ScriptedCall => {
    const asked = rng.integer(CHOICE_LETTERS.length);
    const lines = options.map((option, index) => `${CHOICE_LETTERS[index]}. ${option}`);
    const text = [options[asked], ...lines, "Answer:"].join("\n");
    const question = { id: "exercise", text, ...(context === undefined ? {} : { context }) };
    const word = tellingWord(options[asked] as string, options);
    return {
      purpose: "answer",
      prompt: answerPrompt(question, workflow),
      reply: `${word} Answer ${CHOICE_LETTERS[asked]}`,
    };
  };
  return (kind, item, rng) => {
    switch (kind) {
      case "words":
        return letter(draw(rng), undefined, rng);
      case "letters":
        return letter(item.choices, item.question.context, rng);
      case "one-fact":
        return scriptChoiceReading(item, habits, workflow, rng, 1);
      case "two-facts":
        return scriptChoiceReading(item, habits, workflow, rng, 2);
    }
  };
}
