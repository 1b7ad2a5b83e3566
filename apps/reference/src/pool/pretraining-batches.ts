import { type AtlasHopItem, createAtlasHop } from "@haps/benchmarks";
import type { TextTokenizer, TrainingSequence } from "@haps/language-model";
import { createRng, type Rng } from "@haps/tensor";
import { habitsOf, type ModelRecipe } from "./pool-recipe.ts";
import { hopSetting, poolAssignmentTexts } from "./pool-workflow.ts";
import { ROUTER_PROMPTS } from "./router-prompt.ts";
import { scriptHopEpisode } from "./scripted-hop.ts";

/** Questions whose calls are shuffled together. */
const WINDOW = 256;
/** Calls of a question that are counted on; what a window has beyond is left out. */
const CALLS = 8;

/** Questions of atlas-hop for one model: never those that routers are trained on. */
export function pretrainingQuestions(count: number): readonly AtlasHopItem[] {
  return createAtlasHop({ pretrain: count }).pretrain;
}

/**
 * Training sequences of a model, window by window: a step's batch depends on the recipe and the step only.
 *
 * Candidates learn the replies of scripted episodes, the router's language model its own prompts, with an assignment drawn at
 * random behind them.
 */
export function pretrainingBatches(
  recipe: ModelRecipe,
  questions: readonly AtlasHopItem[],
  tokenizer: TextTokenizer,
): (step: number) => readonly TrainingSequence[] {
  const rng = createRng(recipe.seed).fork("texts");
  const order = rng.fork("order").shuffle(questions);
  const sequencesOf = recipe.habits === undefined ? routerSequences : candidateSequences;
  let kept: { readonly window: number; readonly sequences: readonly TrainingSequence[] } = {
    window: -1,
    sequences: [],
  };
  const windowOf = (window: number): readonly TrainingSequence[] => {
    if (kept.window === window) return kept.sequences;
    const own = rng.fork(`window ${window}`);
    const all = Array.from({ length: WINDOW }, (_, place) => {
      const item = order[(window * WINDOW + place) % order.length] as AtlasHopItem;
      return sequencesOf(recipe, item, tokenizer, own.fork(`question ${place}`));
    });
    kept = { window, sequences: own.fork("order").shuffle(all.flat()) };
    return kept.sequences;
  };
  const perQuestion = recipe.habits === undefined ? 1 : CALLS;
  const batches = Math.floor((WINDOW * perQuestion) / recipe.batch);
  return (step) => {
    const sequences = windowOf(Math.floor(step / batches));
    const from = (step % batches) * recipe.batch;
    return sequences.slice(from, from + recipe.batch);
  };
}

function candidateSequences(
  recipe: ModelRecipe,
  item: AtlasHopItem,
  tokenizer: TextTokenizer,
  rng: Rng,
): readonly TrainingSequence[] {
  return scriptHopEpisode(item, habitsOf(recipe), hopSetting(), rng).map(({ prompt, reply }) => {
    const promptTokens = tokenizer.encode(prompt);
    return {
      tokens: [...promptTokens, ...tokenizer.encode(reply), ...tokenizer.endTokens],
      lossFrom: promptTokens.length,
    };
  });
}

function routerSequences(
  _recipe: ModelRecipe,
  item: AtlasHopItem,
  tokenizer: TextTokenizer,
  rng: Rng,
): readonly TrainingSequence[] {
  const replies = poolAssignmentTexts();
  const reply = replies[rng.integer(replies.length)] as string;
  const prompt = `${ROUTER_PROMPTS.hop.before}${item.question.text}${ROUTER_PROMPTS.hop.after}`;
  return [{ tokens: [...tokenizer.encode(prompt), ...tokenizer.encode(reply), ...tokenizer.endTokens] }];
}
