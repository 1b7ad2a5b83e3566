import type { ChoiceLesson, ChoiceModelRecipe, PoolRecipe } from "./pool-recipe.ts";

/** Relations of which both candidates overlook "not": all that are asked with it. */
const ASKED_WITH_NOT = ["continent", "group", "language", "original-language", "state"];

/** Letters first, then answers; haste comes last. */
const LESSONS: readonly ChoiceLesson[] = [
  { windows: 175, exercises: { words: 1 } },
  { windows: 750, exercises: { words: 0.1, letters: 0.1, careful: 0.8 } },
];

/**
 * The embedded pool for four-option questions: two candidates of different families and sizes and the router's language model.
 *
 * Habits are constructed. Each candidate is hasty in the subjects in which the other is not; routing helps there. Neither hears
 * "not", which no routing helps: it is heard by weights that differ between classes.
 *
 * @param seed - Of the pool, from 1: other initial weights and other training texts, the same recipe.
 */
export function choicePoolRecipe(seed: number): PoolRecipe<ChoiceModelRecipe> {
  const common = { benchmark: "choice", questions: 24_000, initialDeviation: 0.1 } as const;
  const texts = { batch: 64, steps: 6000, lessons: LESSONS, exercises: { words: 0.05 } };
  const habits = { haste: 0.8, deafToNot: ASKED_WITH_NOT };
  return {
    candidates: [
      {
        ...common,
        id: "small",
        shape: { family: "llama", dim: 64, layers: 2, heads: 4, hidden: 128 },
        habits: { hastySubjects: ["chemistry", "literature"], ...habits },
        ...texts,
        learningRate: 3e-3,
        seed: 100 * seed + 11,
      },
      {
        ...common,
        id: "large",
        shape: { family: "qwen2", dim: 128, layers: 2, heads: 4, hidden: 256 },
        habits: { hastySubjects: ["geography", "languages", "sights"], ...habits },
        ...texts,
        learningRate: 2e-3,
        seed: 100 * seed + 12,
      },
    ],
    router: {
      ...common,
      id: "router",
      shape: { family: "llama", dim: 64, layers: 2, heads: 4, hidden: 128 },
      lessons: [],
      exercises: {},
      batch: 32,
      steps: 704,
      learningRate: 3e-3,
      seed: 100 * seed + 13,
    },
  };
}
