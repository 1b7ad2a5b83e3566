import {
  AUTHORS,
  BOOKS,
  COUNTRIES,
  createAtlasChoice,
  createAtlasHop,
  ELEMENTS,
  LANDMARKS,
  LANGUAGES,
} from "@haps/benchmarks";
import { COMPACT_CHOICE_TEMPLATE, COMPACT_TEMPLATES } from "@haps/workflow";
import type { PoolBenchmark } from "./pool-recipe.ts";
import { ROUTER_PROMPTS } from "./router-prompt.ts";
import { wordsOf } from "./word-tokenizer.ts";

/** What scripts write beside the words of facts, questions and templates. */
const SCRIPT_WORDS = 'yes no find answer search finish continue rethink none , [ ] { } : " 0 1 2 3 4 5 6 7 8 9 a b c d';

/** What scripts of four-option questions write. */
const CHOICE_SCRIPT_WORDS = 'is not largest smallest answer what which , { } : " 0 1 a b c d';

/**
 * Every word that a pool reads or writes, in alphabetical order: of all facts, of questions in every wording, of templates.
 *
 * The order is that of token ids, so it is kept with the weights: see `tokenizer.json` of a model.
 */
export function poolWords(benchmark: PoolBenchmark = "hop"): readonly string[] {
  const words = new Set<string>();
  const add = (text: string): void => {
    for (const word of wordsOf(text)) words.add(word);
  };
  for (const table of [AUTHORS, BOOKS, COUNTRIES, ELEMENTS, LANDMARKS, LANGUAGES]) {
    for (const fact of table)
      Object.values(fact).forEach((value) => {
        add(String(value));
      });
  }
  for (const { question } of createAtlasChoice({ train: 4000, valid: 0, test: 0 }).train) {
    add(question.text);
    question.context?.forEach(add);
  }
  add(COMPACT_CHOICE_TEMPLATE.prompt.replaceAll(/\{\w+\}/gu, " "));
  add(COMPACT_CHOICE_TEMPLATE.documents.replaceAll(/\{\w+\}/gu, " "));
  if (benchmark === "choice") {
    add(ROUTER_PROMPTS.choice.before + ROUTER_PROMPTS.choice.after);
    add(CHOICE_SCRIPT_WORDS);
    return [...words].sort();
  }
  const { train } = createAtlasHop({ train: 4000, valid: 0, test: 0 });
  for (const { question, stated } of train) {
    add(question.text);
    question.context?.forEach(add);
    for (const { relation } of stated) add(relation);
  }
  for (const template of Object.values(COMPACT_TEMPLATES.prompts)) add(template.replaceAll(/\{\w+\}/gu, " "));
  for (const { before, after } of Object.values(ROUTER_PROMPTS)) add(before + after);
  add(SCRIPT_WORDS);
  return [...words].sort();
}
