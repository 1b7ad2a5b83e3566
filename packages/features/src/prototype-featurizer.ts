import { type Featurizer, type FeaturizerFactory, HapsError, parseConfig, type Question, ShapeError } from "@haps/spec";
import { createRng, type NamedArray } from "@haps/tensor";
import { z } from "zod";
import { kMeans, squaredDistance } from "./k-means.ts";

/** Schema of {@link PrototypeFeaturizerConfig}. */
export const prototypeFeaturizerConfigSchema = z.strictObject({
  /** Sizes of the clusterings. Default 16 and 32: about the number of kinds of questions in a mixed log, and twice that. */
  counts: z.array(z.int().min(1).max(1024)).min(1).default([16, 32]),
  /** Clusterings of each size, from other starts. Default 4: their average depends little on the starts. */
  repeats: z.int().min(1).max(32).default(4),
  /** Training questions that the centres are fitted on, drawn by the seed where there are more. Default 2048. */
  maximumRows: z.int().min(2).default(2048),
  /** Squared distance over which a membership falls by a factor e. Default 0.2, of vectors about 1.4 long. */
  width: z.number().positive().default(0.2),
  /** Factor on the memberships of one clustering, which sum to 1. Default 2: a head finds them before single features. */
  weight: z.number().positive().default(2),
  /** Factor on the features that the prototypes are made of. Default 0.5. */
  innerWeight: z.number().nonnegative().default(0.5),
});

/** What a caller writes to choose prototype features. */
export interface PrototypeFeaturizerConfig extends z.input<typeof prototypeFeaturizerConfigSchema> {}
/** Prototype feature options with every default filled in; plain JSON. */
export interface ResolvedPrototypeFeaturizerConfig extends z.output<typeof prototypeFeaturizerConfigSchema> {}

/** What was fitted beside the inner featurizer, as plain data. */
export interface PrototypeFeaturizerState {
  readonly kind: "prototype";
  readonly formatVersion: 1;
  readonly config: ResolvedPrototypeFeaturizerConfig;
  /** Prototypes in each clustering, in the order of the columns. */
  readonly clusterings: readonly number[];
  /** `[prototypes of all clusterings, inner dimension]`. */
  readonly prototypes: NamedArray;
}

/** Features of an inner featurizer with soft memberships in groups of similar training questions beside them. */
export interface PrototypeFeaturizer<Inner extends Featurizer = Featurizer> extends Featurizer {
  readonly kind: "prototype";
  readonly inner: Inner;
  /** Everything fitted here, as plain data; the inner featurizer is written by itself. */
  serialise(): PrototypeFeaturizerState;
}

/** Fits prototype featurizers. */
export interface PrototypeFeaturizerFactory<Inner extends Featurizer = Featurizer> extends FeaturizerFactory {
  readonly kind: "prototype";
  fit(questions: readonly Question[], seed: number): PrototypeFeaturizer<Inner>;
}

/** A factory whose featurizers are of a known kind. */
export interface InnerFactory<Inner extends Featurizer> extends FeaturizerFactory {
  fit(questions: readonly Question[], seed: number): Inner;
}

/**
 * Makes a factory of prototype features: which kind of question is it?
 *
 * Training questions are clustered by their inner features x, several times. Per clustering
 * `m_k = softmax_k(-|x - c_k|² / width)`; the result is `[innerWeight x ; weight m ; weight m' ; …]`. Outcomes are noisy and
 * questions of one kind share them, so heads learn faster about a kind than about single words. No label is read.
 *
 * @throws ConfigError code `config`; `fit` throws code `data` without questions.
 *
 * Source: radial basis functions on k-means centres, Moody and Darken (1989), normalised.
 *
 * @example
 * ```ts
 * const factory = createPrototypeFeaturizerFactory(createNgramFeaturizerFactory({ components: 2 }), { counts: [2], repeats: 1 });
 * const questions = ["What is 2 + 2?", "Who was she?", "What is 3 + 4?"].map((text, id) => ({ id: `${id}`, text }));
 * const featurizer = factory.fit(questions, 1);
 * console.assert(featurizer.dimension === featurizer.inner.dimension + 2);
 * ```
 */
export function createPrototypeFeaturizerFactory<Inner extends Featurizer>(
  inner: InnerFactory<Inner>,
  config: PrototypeFeaturizerConfig = {},
): PrototypeFeaturizerFactory<Inner> {
  const resolved = parseConfig("createPrototypeFeaturizerFactory", prototypeFeaturizerConfigSchema, config);
  return {
    kind: "prototype",
    fit: (questions, seed) => {
      const fitted = inner.fit(questions, seed);
      const rng = createRng(seed).fork("prototypes");
      const { maximumRows } = resolved;
      const chosen =
        questions.length <= maximumRows ? questions : rng.fork("rows").shuffle(questions).slice(0, maximumRows);
      const rows = { values: fitted.transform(chosen), dimension: fitted.dimension };
      const clusterings = resolved.counts.flatMap((count) =>
        Array.from({ length: resolved.repeats }, (_, repeat) => kMeans(rows, count, rng.fork(`${count}/${repeat}`))),
      );
      const sizes = clusterings.map((centres) => centres.length / fitted.dimension);
      const total = sizes.reduce((sum, size) => sum + size, 0);
      const values = new Float32Array(total * fitted.dimension);
      let at = 0;
      for (const centres of clusterings) {
        values.set(centres, at);
        at += centres.length;
      }
      return new FittedPrototypes(fitted, resolved, sizes, { shape: [total, fitted.dimension], values });
    },
  };
}

/**
 * Makes a fitted prototype featurizer from its state and its inner featurizer; it gives the same bits as the one written.
 *
 * @throws HapsError code `state`, `shape`, `non-finite` or `config` when the state is not one or does not fit.
 */
export function restorePrototypeFeaturizer<Inner extends Featurizer>(
  state: PrototypeFeaturizerState,
  inner: Inner,
): PrototypeFeaturizer<Inner> {
  const operation = "restorePrototypeFeaturizer";
  if (state.kind !== "prototype" || state.formatVersion !== 1) {
    throw new HapsError(
      "state",
      `${operation}: got kind ${JSON.stringify(state.kind)}, version ${JSON.stringify(state.formatVersion)}; expected "prototype", version 1; use the release that wrote it`,
      { kind: state.kind, formatVersion: state.formatVersion },
    );
  }
  const config = parseConfig(operation, prototypeFeaturizerConfigSchema, state.config);
  const sizes = parseConfig(operation, z.array(z.int().positive()), state.clusterings);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const { shape, values } = state.prototypes;
  if (shape.join() !== `${total},${inner.dimension}` || values.length !== total * inner.dimension) {
    throw new ShapeError(operation, "prototypes", `[${total}, ${inner.dimension}]`, shape);
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new HapsError(
      "non-finite",
      `${operation}: the prototypes hold ${values[bad]} at ${bad}; expected finite numbers; the file is damaged`,
      { index: bad },
    );
  }
  return new FittedPrototypes(inner, config, sizes, { shape, values: Float32Array.from(values) });
}

class FittedPrototypes<Inner extends Featurizer> implements PrototypeFeaturizer<Inner> {
  readonly kind = "prototype";
  readonly inner: Inner;
  readonly dimension: number;
  readonly #config: ResolvedPrototypeFeaturizerConfig;
  readonly #sizes: readonly number[];
  readonly #prototypes: NamedArray;

  constructor(
    inner: Inner,
    config: ResolvedPrototypeFeaturizerConfig,
    sizes: readonly number[],
    prototypes: NamedArray,
  ) {
    this.inner = inner;
    this.dimension = inner.dimension + (prototypes.shape[0] as number);
    this.#config = config;
    this.#sizes = sizes;
    this.#prototypes = prototypes;
  }

  transform(questions: readonly Question[]): Float32Array {
    const width = this.inner.dimension;
    const features = this.inner.transform(questions);
    const rows = new Float32Array(questions.length * this.dimension);
    for (let question = 0; question < questions.length; question += 1) {
      const row = rows.subarray(question * this.dimension, (question + 1) * this.dimension);
      for (let index = 0; index < width; index += 1) {
        row[index] = this.#config.innerWeight * (features[question * width + index] as number);
      }
      this.#addMemberships(features, question * width, row);
    }
    return rows;
  }

  serialise(): PrototypeFeaturizerState {
    const { shape, values } = this.#prototypes;
    return {
      kind: "prototype",
      formatVersion: 1,
      config: this.#config,
      clusterings: [...this.#sizes],
      prototypes: { shape: [...shape], values: Float32Array.from(values) },
    };
  }

  #addMemberships(features: Float32Array, start: number, row: Float32Array): void {
    const { width, weight } = this.#config;
    const { values } = this.#prototypes;
    const { dimension } = this.inner;
    let prototype = 0;
    for (const size of this.#sizes) {
      const distances = Float64Array.from({ length: size }, (_, place) =>
        squaredDistance(features, start, values, (prototype + place) * dimension, dimension),
      );
      const nearest = distances.reduce((least, distance) => Math.min(least, distance), Number.POSITIVE_INFINITY);
      const closeness = distances.map((distance) => Math.exp((nearest - distance) / width));
      const total = closeness.reduce((sum, value) => sum + value, 0);
      for (let place = 0; place < size; place += 1) {
        row[dimension + prototype + place] = (weight * (closeness[place] as number)) / total;
      }
      prototype += size;
    }
  }
}
