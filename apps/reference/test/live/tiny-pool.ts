import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLanguageModel, saveLanguageModel } from "@haps/language-model";
import { createRng } from "@haps/tensor";
import { COMPACT_TEMPLATES } from "@haps/workflow";
import { atlasHopLive, type LiveBenchmark } from "../../src/live/live-benchmark.ts";
import { poolAssignmentTexts } from "../../src/pool/pool-workflow.ts";
import { ROUTER_PROMPTS } from "../../src/pool/router-prompt.ts";
import { wordsOf, wordTokenizerFiles } from "../../src/pool/word-tokenizer.ts";

const SHAPES = {
  small: { family: "llama", dim: 16, layers: 1 },
  large: { family: "qwen2", dim: 16, layers: 2 },
  router: { family: "llama", dim: 16, layers: 1 },
} as const;

/** A few questions; what is looked at once comes from valid. */
export function tinyBenchmark(): LiveBenchmark {
  return atlasHopLive({ train: 8, valid: 4, test: 6 }, "valid");
}

/** Writes a pool of untrained models that know the words of {@link tinyBenchmark}: what they answer is noise. */
export async function writeTinyPool(folder: string, seed = 1): Promise<void> {
  const words = tinyWords();
  const { tokenizerJson, tokenizerConfig } = wordTokenizerFiles(words);
  mkdirSync(folder, { recursive: true });
  for (const [id, shape] of Object.entries(SHAPES)) {
    const model = createLanguageModel({
      ...shape,
      vocabulary: words.length + 2,
      heads: 2,
      hidden: 16,
      context: 160,
      endTokens: [1],
      tiedEmbeddings: true,
      initialDeviation: 0.3,
      rng: createRng(seed).fork(id),
    });
    await saveLanguageModel(model, join(folder, id));
    model.dispose();
    writeFileSync(join(folder, id, "tokenizer.json"), JSON.stringify(tokenizerJson));
    writeFileSync(join(folder, id, "tokenizer_config.json"), JSON.stringify(tokenizerConfig));
  }
}

function tinyWords(): readonly string[] {
  const questions = Object.values(tinyBenchmark().splits).flatMap((items) => items.map(({ question }) => question));
  const texts = [
    ...questions.flatMap(({ text, context = [] }) => [text, ...context]),
    ...Object.values(COMPACT_TEMPLATES.prompts).map((template) => template.replaceAll(/\{\w+\}/gu, " ")),
    ...Object.values(ROUTER_PROMPTS).map(({ before, after }) => before + after),
    ...poolAssignmentTexts(),
  ];
  return [...new Set(texts.flatMap((text) => wordsOf(text)))].sort();
}
