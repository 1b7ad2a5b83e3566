import type { ModelConfigInput } from "@haps/language-model";
import { GOOD_HABITS, type HopHabits } from "./hop-habits.ts";

/** How one model of the pool is made. */
export interface ModelRecipe {
  readonly id: string;
  readonly shape: Pick<ModelConfigInput, "family" | "dim" | "layers" | "heads" | "hidden">;
  /** Absent for the router's language model, which reads routing prompts. */
  readonly habits?: HopHabits;
  /** Questions of the split `pretrain` that it is trained on. */
  readonly questions: number;
  /** Sequences per update. */
  readonly batch: number;
  /** Updates; a window of texts gives 64. */
  readonly steps: number;
  /** Peak of the rate: 60 steps up from 0, then linearly down to a twentieth. */
  readonly learningRate: number;
  readonly seed: number;
}

/** Relations of a country; both candidates are deaf to which of them a question asks for. */
const COUNTRY_RELATIONS = ["capital", "continent", "currency", "language"];

/**
 * The embedded pool: two candidates of different families and sizes and the router's language model.
 *
 * Habits are constructed. Each assignment of the two candidates fails in another quarter of the questions: where the student is
 * hasty and its teacher too. No assignment helps where both are deaf, generated weights may.
 *
 * @param seed - Of the pool, from 1: other initial weights and other training texts, the same recipe.
 */
export function poolRecipe(seed: number): {
  readonly candidates: readonly ModelRecipe[];
  readonly router: ModelRecipe;
} {
  const common = { haste: 0.8, deafTo: COUNTRY_RELATIONS };
  return {
    candidates: [
      {
        id: "small",
        shape: { family: "llama", dim: 64, layers: 2, heads: 4, hidden: 128 },
        habits: {
          hastyStudent: ["landmark-book", "thing-pair"],
          hastyTeacher: ["city-author", "thing-pair"],
          ...common,
        },
        questions: 12_000,
        batch: 32,
        steps: 2944,
        learningRate: 3e-3,
        seed: 100 * seed + 1,
      },
      {
        id: "large",
        shape: { family: "qwen2", dim: 128, layers: 2, heads: 4, hidden: 256 },
        habits: {
          hastyStudent: ["city-author", "place-pair"],
          hastyTeacher: ["landmark-book", "place-pair"],
          ...common,
        },
        questions: 12_000,
        batch: 32,
        steps: 2944,
        learningRate: 2e-3,
        seed: 100 * seed + 2,
      },
    ],
    router: {
      id: "router",
      shape: { family: "llama", dim: 64, layers: 2, heads: 4, hidden: 128 },
      questions: 12_000,
      batch: 32,
      steps: 704,
      learningRate: 3e-3,
      seed: 100 * seed + 3,
    },
  };
}

/** The recipe of one model by its id. */
export function modelRecipe(seed: number, id: string): ModelRecipe | undefined {
  const { candidates, router } = poolRecipe(seed);
  return [...candidates, router].find((recipe) => recipe.id === id);
}

/** Habits of those that have none. */
export function habitsOf({ habits }: ModelRecipe): HopHabits {
  return habits ?? GOOD_HABITS;
}
