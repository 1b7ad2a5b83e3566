import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { benchmarkHash } from "@haps/benchmarks";
import {
  countParameters,
  createLanguageModel,
  createLanguageModelTrainer,
  type LanguageModelTrainingStep,
  resolveModelConfig,
  saveLanguageModel,
  type TrainerConfig,
} from "@haps/language-model";
import { type FileSystemPort, nodeFiles, type ProcessPort, type RunManifest, writeFileAtomic } from "@haps/run";
import { createRng } from "@haps/tensor";
import { trainLanguageModelInRun } from "../language-model/train-language-model-in-run.ts";
import { modelCard } from "./model-card.ts";
import type { ModelRecipe } from "./pool-recipe.ts";
import { pretrainingTexts } from "./pretraining-batches.ts";
import { createWordTokenizer, END_TOKEN, wordTokenizerFiles } from "./word-tokenizer.ts";

/** What is recorded of a pretraining beside the weights, as `pretraining.json`. */
export interface PretrainingRecord {
  readonly recipe: ModelRecipe;
  readonly parameters: number;
  /** SHA-256 of the questions, see `benchmarkHash`. */
  readonly questionsHash: string;
  /** Tokens that counted in the loss. */
  readonly tokens: number;
  /** Loss of the first steps, nats per token: a short run of the same recipe must meet them. */
  readonly firstLosses: readonly number[];
  /** Mean loss of the last hundred steps. */
  readonly lastLoss: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** What {@link pretrainModel} needs. */
export interface PretrainModelOptions {
  readonly recipe: ModelRecipe;
  /** Of all words, in the order of token ids. */
  readonly words: readonly string[];
  /** Of the resumable run. */
  readonly runFolder: string;
  /** Where the finished model goes. */
  readonly modelFolder: string;
  readonly manifest: RunManifest;
  readonly signal: AbortSignal;
  readonly fresh?: boolean;
  readonly onStep?: (step: LanguageModelTrainingStep) => void;
  readonly files?: FileSystemPort;
  readonly process?: ProcessPort;
}

/** Steps whose losses are recorded. */
export const FIRST_STEPS = 5;
const CHECKPOINT_EVERY = 200;
/** Of the first weights of models for atlas-hop. */
const HOP_DEVIATION = 0.05;
/** Longest prompt and reply of the workflow, with room. */
const CONTEXT = 128;

/** Shape of a model of the pool for a vocabulary. */
export function poolModelConfig(recipe: ModelRecipe, words: readonly string[]) {
  const { vocab } = wordTokenizerFiles(words).tokenizerJson["model"] as { readonly vocab: Record<string, number> };
  const vocabulary = Object.keys(vocab).length;
  const endTokens = [vocab[END_TOKEN] as number];
  return { ...recipe.shape, vocabulary, context: CONTEXT, tiedEmbeddings: true, endTokens };
}

/** How a model of the pool is trained. */
export function poolTrainerConfig({ learningRate, steps }: ModelRecipe): TrainerConfig {
  const schedule = {
    kind: "linear",
    rate: learningRate,
    warmupSteps: 60,
    totalSteps: steps,
    finalRate: learningRate / 20,
  };
  return {
    optimizer: { learningRate: schedule as { kind: "linear" } & typeof schedule, beta2: 0.98, weightDecay: 0.01 },
  };
}

/**
 * Trains a model of the pool in a run folder and saves it with its tokenizer, its record and a card.
 *
 * Killed at any moment and called again, it goes on and ends in the same bytes.
 *
 * @throws Errors of `trainLanguageModelInRun` and `saveLanguageModel`; the signal's reason.
 */
export async function pretrainModel(options: PretrainModelOptions): Promise<PretrainingRecord> {
  const { recipe, words, manifest, signal } = options;
  const { questions, batch } = pretrainingTexts(recipe, createWordTokenizer(words));
  const config = poolModelConfig(recipe, words);
  const rng = createRng(recipe.seed);
  const initialDeviation = recipe.benchmark === "choice" ? recipe.initialDeviation : HOP_DEVIATION;
  const model = createLanguageModel({ ...config, initialDeviation, rng: rng.fork("weights") });
  try {
    const trainer = createLanguageModelTrainer({ model, config: poolTrainerConfig(recipe), batches: batch, rng });
    const questionsHash = benchmarkHash(questions);
    const { tokens } = await trainLanguageModelInRun({
      folder: options.runFolder,
      model,
      trainer,
      steps: recipe.steps,
      checkpointEvery: CHECKPOINT_EVERY,
      identity: { recipe: { ...recipe }, questionsHash, words: words.join(" ") },
      manifest,
      signal,
      ...(options.fresh === undefined ? {} : { fresh: options.fresh }),
      ...(options.onStep === undefined ? {} : { onStep: options.onStep }),
      ...(options.files === undefined ? {} : { files: options.files }),
      ...(options.process === undefined ? {} : { process: options.process }),
    });
    const losses = await readLosses(options.runFolder, options.files);
    const record: PretrainingRecord = {
      recipe,
      parameters: countParameters(resolveModelConfig(config)),
      questionsHash,
      tokens,
      firstLosses: losses.slice(0, FIRST_STEPS),
      lastLoss: mean(losses.slice(-100)),
      versions: manifest.versions,
    };
    await mkdir(join(options.modelFolder, ".."), { recursive: true });
    await saveLanguageModel(model, options.modelFolder, { dtype: "f16", overwrite: true });
    await writeBeside(options, record);
    return record;
  } finally {
    model.dispose();
  }
}

/** Of every step; a resumed run has dropped what it computed anew. */
async function readLosses(runFolder: string, files: FileSystemPort = nodeFiles): Promise<readonly number[]> {
  const text = new TextDecoder().decode((await files.read(join(runFolder, "metrics.jsonl"))) ?? new Uint8Array());
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => (JSON.parse(line) as { readonly loss: number }).loss);
}

async function writeBeside(
  { modelFolder: folder, words, files = nodeFiles }: PretrainModelOptions,
  record: PretrainingRecord,
): Promise<void> {
  const { tokenizerJson, tokenizerConfig } = wordTokenizerFiles(words);
  const json = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;
  const write = (name: string, text: string): Promise<void> =>
    writeFileAtomic(files, join(folder, name), new TextEncoder().encode(text));
  await write("tokenizer.json", json(tokenizerJson));
  await write("tokenizer_config.json", json(tokenizerConfig));
  await write("pretraining.json", json(record));
  await write("README.md", modelCard(record));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
