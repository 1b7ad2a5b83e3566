import type { ModelConfigInput } from "@haps/language-model";
import type { ChoiceExercise } from "./choice-exercise.ts";
import type { ChoiceHabits } from "./choice-habits.ts";
import { choicePoolRecipe } from "./choice-pool-recipe.ts";
import { GOOD_HABITS, type HopHabits } from "./hop-habits.ts";

/** Benchmarks that have an embedded pool. */
export const POOL_BENCHMARKS = ["hop", "choice"] as const;

/** See {@link POOL_BENCHMARKS}. */
export type PoolBenchmark = (typeof POOL_BENCHMARKS)[number];

/** What recipes of all benchmarks have. */
interface CommonRecipe {
  readonly id: string;
  readonly shape: Pick<ModelConfigInput, "family" | "dim" | "layers" | "heads" | "hidden">;
  /** Questions of the split `pretrain` that it is trained on. */
  readonly questions: number;
  /** Sequences per update. */
  readonly batch: number;
  /** Updates; a window of 256 questions gives 64 to a candidate for atlas-hop, to others 256 / batch. */
  readonly steps: number;
  /** Peak of the rate: 60 steps up from 0, then linearly down to a twentieth. */
  readonly learningRate: number;
  readonly seed: number;
}

/** How a model of the pool for atlas-hop is made. */
export interface HopModelRecipe extends CommonRecipe {
  /** Said for other benchmarks only. */
  readonly benchmark?: undefined;
  /** Absent for the router's language model, which reads routing prompts. */
  readonly habits?: HopHabits;
}

/** Shares of exercises in texts; what is left are questions. */
export type ExerciseShares = Readonly<Partial<Record<ChoiceExercise, number>>>;

/** A part of a training. */
export interface ChoiceLesson {
  /** How many windows of 256 texts it takes. */
  readonly windows: number;
  readonly exercises: ExerciseShares;
}

/** How a model of the pool for atlas-choice is made. */
export interface ChoiceModelRecipe extends CommonRecipe {
  readonly benchmark: "choice";
  /** Absent for the router's language model. */
  readonly habits?: ChoiceHabits;
  /** Of the first weights. */
  readonly initialDeviation: number;
  /** Gone through before the questions, in their order. */
  readonly lessons: readonly ChoiceLesson[];
  /** What comes beside questions then. */
  readonly exercises: ExerciseShares;
}

/** How one model of a pool is made. */
export type ModelRecipe = ChoiceModelRecipe | HopModelRecipe;

/** Recipes of a pool: its candidates in the order of assignments, and the router's language model. */
export interface PoolRecipe<Recipe extends ModelRecipe = ModelRecipe> {
  readonly candidates: readonly Recipe[];
  readonly router: Recipe;
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
export function poolRecipe(seed: number): PoolRecipe<HopModelRecipe> {
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

/** The recipe of a benchmark's pool. */
export function benchmarkPoolRecipe(benchmark: PoolBenchmark, seed: number): PoolRecipe {
  return benchmark === "choice" ? choicePoolRecipe(seed) : poolRecipe(seed);
}

/** Habits of those that have none. */
export function habitsOf({ habits }: HopModelRecipe): HopHabits {
  return habits ?? GOOD_HABITS;
}
