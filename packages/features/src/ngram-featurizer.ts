import { type Featurizer, type FeaturizerFactory, HapsError, parseConfig, type Question } from "@haps/spec";
import { createRng, type NamedArray } from "@haps/tensor";
import { type NgramFeaturizerState, stateArray } from "./featurizer-state.ts";
import { createNgramCounter, type NgramCounter } from "./ngram-counter.ts";
import {
  type NgramFeaturizerConfig,
  ngramFeaturizerConfigSchema,
  type ResolvedNgramFeaturizerConfig,
} from "./ngram-featurizer-config.ts";
import { projectRow } from "./project-row.ts";
import { type SparseRow, stackRows } from "./sparse-rows.ts";
import { STRUCTURAL_FEATURES, structuralFeatures } from "./structural-features.ts";
import { createTextScanner, type TextScanner } from "./text-scanner.ts";
import { columnLookup, inverseDocumentFrequencies, weighRow } from "./tf-idf.ts";
import { truncatedSvd } from "./truncated-svd.ts";

/** A fitted n-gram featurizer, which can be written down. */
export interface NgramFeaturizer extends Featurizer {
  readonly kind: "ngram";
  readonly config: ResolvedNgramFeaturizerConfig;
  /** Everything fitted, as plain data; the arrays are copies. */
  serialise(): NgramFeaturizerState;
}

/** Fits n-gram featurizers. */
export interface NgramFeaturizerFactory extends FeaturizerFactory {
  readonly kind: "ngram";
  /** Fits on training questions; the same questions and seed give the same featurizer, bit for bit. */
  fit(questions: readonly Question[], seed: number): NgramFeaturizer;
}

/** Structural features beyond this many standard deviations are cut, so that one odd text cannot dominate. */
const STRUCTURAL_LIMIT = 3;

/**
 * Makes a factory of hashed n-gram features: latent semantic analysis of tf-idf rows, and structural features.
 *
 * Per kind of n-gram `u_b = (1 + ln count_b) · idf_b`, `idf_b = ln((1 + n) / (1 + df_b)) + 1`, divided by its length; the
 * kinds side by side make `t`. Latent part: `V S^(p - 1)`-scaled `Vᵀ t`, divided by its length. Structural part: standardised
 * on the training questions, cut at ±3, times `structuralWeight / sqrt(count)`. So both parts have a length near 1.
 *
 * Fitting with the same questions, order and seed gives the same bits. `fit` needs at least one question (code `data`).
 *
 * @throws ConfigError code `config`, naming every field that is wrong.
 *
 * Source: Deerwester et al., Indexing by Latent Semantic Analysis (1990), with feature hashing (Weinberger et al. 2009),
 * without their sign hash: n-grams that meet in a bucket add up.
 *
 * @example
 * ```ts
 * const factory = createNgramFeaturizerFactory({ components: 2 });
 * const questions = ["What is 2 + 2?", "Who was she?", "What is 3 + 4?"].map((text, id) => ({ id: `${id}`, text }));
 * const featurizer = factory.fit(questions, 1);
 * console.assert(featurizer.transform(questions).length === 3 * featurizer.dimension);
 * ```
 */
export function createNgramFeaturizerFactory(config: NgramFeaturizerConfig = {}): NgramFeaturizerFactory {
  const resolved = parseConfig("createNgramFeaturizerFactory", ngramFeaturizerConfigSchema, config);
  return { kind: "ngram", fit: (questions, seed) => fitFeaturizer(resolved, questions, seed) };
}

/**
 * Makes a fitted featurizer from its state; it gives the same bits as the one that was written.
 *
 * @throws HapsError code `state`, `shape`, `non-finite` or `config` when the state is not one.
 *
 * @example
 * ```ts
 * const questions = ["What is 2 + 2?", "Who was she?"].map((text, id) => ({ id: `${id}`, text }));
 * const featurizer = createNgramFeaturizerFactory().fit(questions, 1);
 * const restored = restoreNgramFeaturizer(featurizer.serialise());
 * console.assert(restored.transform(questions).join() === featurizer.transform(questions).join());
 * ```
 */
export function restoreNgramFeaturizer(state: NgramFeaturizerState): NgramFeaturizer {
  if (state.kind !== "ngram" || state.formatVersion !== 1) {
    throw new HapsError(
      "state",
      `restoreNgramFeaturizer: got kind ${JSON.stringify(state.kind)}, version ${JSON.stringify(state.formatVersion)}; expected "ngram", version 1; use the release that wrote it`,
      { kind: state.kind, formatVersion: state.formatVersion },
    );
  }
  const config = parseConfig("restoreNgramFeaturizer", ngramFeaturizerConfigSchema, state.config);
  const idf = ngramBlocks(config).map(({ range }) => stateArray(state, `${range.kind}.idf`, [config.buckets]).values);
  const used = idf.reduce((sum, weights) => sum + weights.reduce((count, weight) => count + Number(weight > 0), 0), 0);
  const projection = stateArray(state, "projection", [used, null]);
  const structural = config.structuralWeight > 0 ? STRUCTURAL_FEATURES.length : 0;
  return new FittedFeaturizer(config, {
    idf: idf.map((weights) => Float32Array.from(weights)),
    projection: Float32Array.from(projection.values),
    components: projection.shape[1] as number,
    mean: Float32Array.from(stateArray(state, "structural.mean", [structural]).values),
    scale: Float32Array.from(stateArray(state, "structural.scale", [structural]).values),
  });
}

/** All that fitting finds; float32, so that a written featurizer comes back bit for bit. */
interface Fitted {
  readonly idf: readonly Float32Array[];
  /** `[buckets in use, components]`. */
  readonly projection: Float32Array;
  readonly components: number;
  readonly mean: Float32Array;
  /** 0 for a feature that never varied. */
  readonly scale: Float32Array;
}

interface NgramBlock {
  readonly range: { readonly kind: "words" | "characters"; readonly minimum: number; readonly maximum: number };
  readonly counter: NgramCounter;
}

function ngramBlocks(config: ResolvedNgramFeaturizerConfig): NgramBlock[] {
  const blocks: NgramBlock[] = [];
  for (const kind of ["words", "characters"] as const) {
    const ngrams = config[kind];
    if (ngrams === null) continue;
    const range = { kind, minimum: ngrams.minimum, maximum: ngrams.maximum };
    blocks.push({ range, counter: createNgramCounter(range, config.buckets) });
  }
  return blocks;
}

function scannerOf(config: ResolvedNgramFeaturizerConfig): TextScanner {
  return createTextScanner({
    numberShapes: config.numbers === "shape",
    punctuationWords: config.words?.punctuation ?? false,
    maximumCharacters: config.maximumCharacters,
  });
}

function readableText(question: Question): string {
  return question.context === undefined ? question.text : [question.text, ...question.context].join("\n");
}

function fitFeaturizer(
  config: ResolvedNgramFeaturizerConfig,
  questions: readonly Question[],
  seed: number,
): NgramFeaturizer {
  if (questions.length === 0) {
    throw new HapsError("data", "fit: no questions; got 0, expected at least 1; pass the training questions");
  }
  const scanner = scannerOf(config);
  const blocks = ngramBlocks(config);
  const counted = questions.map((question) => {
    const text = scanner.scan(readableText(question));
    return blocks.map((block) => block.counter.count(text));
  });
  const minimum = Math.min(config.minimumDocuments, questions.length);
  const idf = blocks.map((_, block) =>
    inverseDocumentFrequencies(
      counted.map((rows) => rows[block] as SparseRow),
      config.buckets,
      minimum,
    ),
  );
  const lookup = columnLookup(idf);
  if (lookup.total === 0 && config.structuralWeight === 0) {
    throw new HapsError(
      "data",
      `fit: no n-gram stands in ${minimum} of the ${questions.length} training texts; expected at least one; lower minimumDocuments or turn structural features on`,
      { questions: questions.length, minimumDocuments: minimum },
    );
  }
  const matrix = stackRows(
    counted.map((rows) => weighRow(rows, idf, lookup.columns)),
    lookup.total,
  );
  const svd = truncatedSvd(matrix, createRng(seed).fork("ngram-featurizer"), {
    components: config.components,
    powerIterations: config.powerIterations,
  });
  const components = svd.singularValues.length;
  const largest = svd.singularValues[0] ?? 1;
  const directionScale = Float64Array.from(
    svd.singularValues,
    (value) => (value / largest) ** (config.spectrumPower - 1),
  );
  const projection = Float32Array.from(
    svd.rightVectors,
    (value, at) => value * (directionScale[at % components] as number),
  );
  return new FittedFeaturizer(config, { idf, projection, components, ...fitStructural(config, questions) });
}

function fitStructural(
  config: ResolvedNgramFeaturizerConfig,
  questions: readonly Question[],
): { mean: Float32Array; scale: Float32Array } {
  const size = config.structuralWeight > 0 ? STRUCTURAL_FEATURES.length : 0;
  const rows = size === 0 ? [] : questions.map((question) => structuralFeatures(question, config.maximumCharacters));
  const mean = new Float32Array(size);
  const scale = new Float32Array(size);
  for (let feature = 0; feature < size; feature += 1) {
    const values = rows.map((row) => row[feature] as number);
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length;
    mean[feature] = average;
    scale[feature] = variance > 1e-10 ? config.structuralWeight / Math.sqrt(variance * size) : 0;
  }
  return { mean, scale };
}

class FittedFeaturizer implements NgramFeaturizer {
  readonly kind = "ngram";
  readonly config: ResolvedNgramFeaturizerConfig;
  readonly dimension: number;
  readonly #fitted: Fitted;
  readonly #columns: readonly Int32Array[];
  readonly #blocks: readonly NgramBlock[];
  readonly #scanner: TextScanner;

  constructor(config: ResolvedNgramFeaturizerConfig, fitted: Fitted) {
    this.config = config;
    this.dimension = fitted.components + fitted.mean.length;
    this.#fitted = fitted;
    this.#columns = columnLookup(fitted.idf).columns;
    this.#blocks = ngramBlocks(config);
    this.#scanner = scannerOf(config);
  }

  transform(questions: readonly Question[]): Float32Array {
    const features = new Float32Array(questions.length * this.dimension);
    questions.forEach((question, index) => {
      const row = features.subarray(index * this.dimension, (index + 1) * this.dimension);
      this.#projectText(question, row);
      this.#describeForm(question, row);
    });
    return features;
  }

  serialise(): NgramFeaturizerState {
    const { idf, projection, components, mean, scale } = this.#fitted;
    const arrays: Record<string, NamedArray> = {};
    this.#blocks.forEach((block, index) => {
      arrays[`${block.range.kind}.idf`] = { shape: [this.config.buckets], values: Float32Array.from(idf[index] ?? []) };
    });
    const used = components === 0 ? 0 : projection.length / components;
    arrays.projection = { shape: [used, components], values: Float32Array.from(projection) };
    arrays["structural.mean"] = { shape: [mean.length], values: Float32Array.from(mean) };
    arrays["structural.scale"] = { shape: [scale.length], values: Float32Array.from(scale) };
    return { kind: "ngram", formatVersion: 1, config: this.config, arrays };
  }

  #projectText(question: Question, row: Float32Array): void {
    const { idf, projection, components } = this.#fitted;
    const text = this.#scanner.scan(readableText(question));
    const counted = this.#blocks.map((block) => block.counter.count(text));
    const latent = projectRow(weighRow(counted, idf, this.#columns), projection, components);
    let squares = 0;
    for (const value of latent) squares += value * value;
    const length = Math.sqrt(squares);
    if (length === 0) return;
    for (let index = 0; index < latent.length; index += 1) row[index] = (latent[index] as number) / length;
  }

  #describeForm(question: Question, row: Float32Array): void {
    const { mean, scale, components } = this.#fitted;
    if (mean.length === 0) return;
    const limit = (STRUCTURAL_LIMIT * this.config.structuralWeight) / Math.sqrt(mean.length);
    const values = structuralFeatures(question, this.config.maximumCharacters);
    for (let index = 0; index < mean.length; index += 1) {
      const value = ((values[index] as number) - (mean[index] as number)) * (scale[index] as number);
      row[components + index] = Math.max(-limit, Math.min(limit, value));
    }
  }
}
