import { type AtlasChoiceItem, type AtlasHopItem, createAtlasChoice, createAtlasHop } from "@haps/benchmarks";
import type { TextTokenizer, TrainingSequence } from "@haps/language-model";
import { createRng, type Rng } from "@haps/tensor";
import { CHOICE_EXERCISES, type ChoiceExercise, createChoiceExercise } from "./choice-exercise.ts";
import {
  type ChoiceModelRecipe,
  type ExerciseShares,
  type HopModelRecipe,
  habitsOf,
  type ModelRecipe,
} from "./pool-recipe.ts";
import { CHOICE_ROLES, choiceWorkflow, hopSetting, POOL_ROLES, poolAssignmentTexts } from "./pool-workflow.ts";
import { ROUTER_PROMPTS, type RouterPrompt } from "./router-prompt.ts";
import { scriptChoiceEpisode } from "./scripted-choice.ts";
import { type ScriptedCall, scriptHopEpisode } from "./scripted-hop.ts";

/** Questions whose calls are shuffled together. */
const WINDOW = 256;
/** Calls of a two-hop question that are counted on; what a window has beyond is left out. */
const CALLS = 8;

/** Seeds of atlas-choice that candidates are asked by; together they ask about nearly every fact. */
const CHOICE_SEEDS = [2, 3, 4, 5, 6];

/** What a model is trained on. */
export interface PretrainingTexts {
  /** Never those that routers are trained on. */
  readonly questions: readonly object[];
  /** Sequences of a step; they depend on the recipe and the step only. */
  readonly batch: (step: number) => readonly TrainingSequence[];
}

/**
 * Training sequences of a model, window by window.
 *
 * Candidates learn the replies of scripted episodes, the router's language model its own prompts, with an assignment drawn at
 * random behind them.
 */
export function pretrainingTexts(recipe: ModelRecipe, tokenizer: TextTokenizer): PretrainingTexts {
  return recipe.benchmark === "choice" ? choiceTexts(recipe, tokenizer) : hopTexts(recipe, tokenizer);
}

function hopTexts(recipe: HopModelRecipe, tokenizer: TextTokenizer): PretrainingTexts {
  const questions = createAtlasHop({ pretrain: recipe.questions }).pretrain;
  if (recipe.habits === undefined) {
    const write = routerSequence(ROUTER_PROMPTS.hop, POOL_ROLES, tokenizer);
    return { questions, batch: windowed(recipe, questions, 1, ({ question }, rng) => [write(question.text, rng)]) };
  }
  const sequences = (item: AtlasHopItem, rng: Rng): readonly TrainingSequence[] =>
    scriptHopEpisode(item, habitsOf(recipe), hopSetting(), rng).map((call) => replySequence(call, tokenizer));
  return { questions, batch: windowed(recipe, questions, CALLS, sequences) };
}

function choiceTexts(recipe: ChoiceModelRecipe, tokenizer: TextTokenizer): PretrainingTexts {
  const questions = choiceQuestions(recipe.questions);
  if (recipe.habits === undefined) {
    const write = routerSequence(ROUTER_PROMPTS.choice, CHOICE_ROLES, tokenizer);
    return { questions, batch: windowed(recipe, questions, 1, ({ question }, rng) => [write(question.text, rng)]) };
  }
  const { habits } = recipe;
  const workflow = choiceWorkflow();
  const exercise = createChoiceExercise(questions, habits, workflow);
  const batch = windowed(recipe, questions, 1, (item, rng, window) => {
    const kind = drawExercise(exercisesOf(recipe, window), rng);
    const calls = kind === undefined ? scriptChoiceEpisode(item, habits, workflow, rng) : [exercise(kind, item, rng)];
    return calls.map((call) => replySequence(call, tokenizer));
  });
  return { questions, batch };
}

/**
 * Questions from memory about all facts, as large models have read about all of them: drawn like the benchmark's with other seeds,
 * which hold out other facts, without the texts that routers are trained, chosen or measured on.
 */
function choiceQuestions(count: number): readonly AtlasChoiceItem[] {
  const { train, valid, test } = createAtlasChoice({ context: "none" });
  const known = new Set([...train, ...valid, ...test].map(({ question }) => question.text));
  const each = Math.ceil(count / CHOICE_SEEDS.length);
  const drawn = CHOICE_SEEDS.flatMap(
    (seed) => createAtlasChoice({ seed, context: "none", train: 0, valid: 0, test: 0, pretrain: each }).pretrain,
  );
  return drawn.filter(({ question }) => !known.has(question.text));
}

function exercisesOf({ lessons, exercises }: ChoiceModelRecipe, window: number): ExerciseShares {
  let end = 0;
  for (const lesson of lessons) {
    end += lesson.windows;
    if (window < end) return lesson.exercises;
  }
  return exercises;
}

/** Nothing where a question is due. */
function drawExercise(shares: ExerciseShares, rng: Rng): ChoiceExercise | undefined {
  let left = rng.uniform();
  for (const kind of CHOICE_EXERCISES) {
    left -= shares[kind] ?? 0;
    if (left < 0) return kind;
  }
  return undefined;
}

/** Batches of windows of questions, which are gone through in one random order again and again. */
function windowed<Item>(
  recipe: ModelRecipe,
  questions: readonly Item[],
  perQuestion: number,
  sequencesOf: (item: Item, rng: Rng, window: number) => readonly TrainingSequence[],
): (step: number) => readonly TrainingSequence[] {
  const rng = createRng(recipe.seed).fork("texts");
  const order = rng.fork("order").shuffle(questions);
  let kept: { readonly window: number; readonly sequences: readonly TrainingSequence[] } = {
    window: -1,
    sequences: [],
  };
  const windowOf = (window: number): readonly TrainingSequence[] => {
    if (kept.window === window) return kept.sequences;
    const own = rng.fork(`window ${window}`);
    const all = Array.from({ length: WINDOW }, (_, place) => {
      const item = order[(window * WINDOW + place) % order.length] as Item;
      return sequencesOf(item, own.fork(`question ${place}`), window);
    });
    kept = { window, sequences: own.fork("order").shuffle(all.flat()) };
    return kept.sequences;
  };
  const batches = Math.floor((WINDOW * perQuestion) / recipe.batch);
  return (step) => {
    const sequences = windowOf(Math.floor(step / batches));
    const from = (step % batches) * recipe.batch;
    return sequences.slice(from, from + recipe.batch);
  };
}

function replySequence({ prompt, reply }: ScriptedCall, tokenizer: TextTokenizer): TrainingSequence {
  const promptTokens = tokenizer.encode(prompt);
  return {
    tokens: [...promptTokens, ...tokenizer.encode(reply), ...tokenizer.endTokens],
    lossFrom: promptTokens.length,
  };
}

function routerSequence(
  { before, after }: RouterPrompt,
  roles: readonly string[],
  tokenizer: TextTokenizer,
): (text: string, rng: Rng) => TrainingSequence {
  const replies = poolAssignmentTexts(roles);
  return (text, rng) => {
    const reply = replies[rng.integer(replies.length)] as string;
    const prompt = `${before}${text}${after}`;
    return { tokens: [...tokenizer.encode(prompt), ...tokenizer.encode(reply), ...tokenizer.endTokens] };
  };
}
