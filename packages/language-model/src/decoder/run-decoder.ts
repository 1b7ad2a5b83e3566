import type { LoraTarget } from "@haps/spec";
import {
  type AttentionSegment,
  addLowRank,
  dense,
  embedding,
  linear,
  rmsNorm,
  ropeRows,
  segmentAttention,
  swigluPair,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { LanguageModel } from "../model/language-model.ts";
import { attentionWidths, EMBEDDING, FINAL_NORM, layerNames } from "../model/parameter-layout.ts";
import type { LoraRows } from "./lora-rows.ts";
import { ropeFrequencies } from "./rope-frequencies.ts";

/** How rows go through layers. */
export interface RunLayersOptions {
  /** Position of each row in its sequence. */
  readonly positions: ArrayLike<number>;
  readonly segments: readonly Omit<AttentionSegment, "past">[];
  /** Cached keys and values that a segment continues, per layer. Default none. */
  readonly past?: (layer: number, segment: number) => AttentionSegment["past"];
  /** First layer to run. Default 0. */
  readonly from?: number;
  /** Layer before which to stop. Default: all. */
  readonly to?: number;
  /** Updates of the weights; a row may have a sample in several. Default none. */
  readonly lora?: readonly LoraRows[];
  /**
   * Sees query, key and value of each layer side by side after the rotation, `[rows, (heads + 2 keyValueHeads) headDim]`, borrowed:
   * a cache copies keys and values from it.
   */
  readonly onKeyValues?: (layer: number, fused: tf.Tensor2D) => void;
}

/** Rows of the embedding, `[rows, dim]`; the caller owns them. HapsError code `config` for a token outside the vocabulary. */
export function embedTokens(model: LanguageModel, tokens: ArrayLike<number>): tf.Tensor2D {
  const table = weight<tf.Tensor2D>(model, EMBEDDING);
  return tf.tidy(() => embedding(table, tf.tensor1d(Int32Array.from(tokens), "int32")) as tf.Tensor2D);
}

/**
 * Runs rows through layers of the decoder: attention and gated feed-forward, each behind an RMS norm and with a residual.
 *
 * One implementation for prefill, decoding with a cache, training and gradients: differentiable in `x`, the variables and the
 * LoRA factors.
 *
 * @param x - `[rows, dim]`, borrowed.
 * @returns `[rows, dim]`, before the final norm; the caller owns it.
 * @throws ShapeError code `shape` where rows and segments do not fit.
 *
 * Source: Touvron et al., LLaMA (2023), section 2.2; grouped queries and the window: Jiang et al., Mistral 7B (2023); LoRA: Hu et
 * al. (2021), eq. 3, without the division by the rank, as in section 4.1 of the HAPS paper.
 */
export function runLayers(model: LanguageModel, x: tf.Tensor2D, options: RunLayersOptions): tf.Tensor2D {
  const { from = 0, to = model.config.layers } = options;
  const frequencies = ropeFrequencies(model.config);
  return tf.tidy(() => {
    let rows = tf.clone(x);
    for (let layer = from; layer < to; layer += 1) rows = runLayer(model, rows, { ...options, layer, frequencies });
    return rows;
  });
}

/** Normalises rows for the head, `[rows, dim]`; the caller owns the result. */
export function finalNorm(model: LanguageModel, x: tf.Tensor2D): tf.Tensor2D {
  return norm(model, x, FINAL_NORM);
}

/**
 * Logits of rows that went through {@link finalNorm}, `[rows, vocabulary]`; the caller owns them.
 *
 * With `trainable` and tied embeddings the gradient reaches the embedding; otherwise a transposed copy of it is multiplied, which is
 * quicker and gives each row the same bits however many there are.
 */
export function logitsOf(
  model: LanguageModel,
  hidden: tf.Tensor2D,
  options: { readonly trainable?: boolean } = {},
): tf.Tensor2D {
  if (options.trainable === true && model.config.tiedEmbeddings) {
    return linear(hidden, weight<tf.Tensor2D>(model, EMBEDDING)) as tf.Tensor2D;
  }
  return dense(hidden, model.headKernel());
}

interface LayerRun extends RunLayersOptions {
  readonly layer: number;
  readonly frequencies: Float64Array;
}

function runLayer(model: LanguageModel, x: tf.Tensor2D, run: LayerRun): tf.Tensor2D {
  const { config } = model;
  const names = layerNames(run.layer);
  const { query, key } = attentionWidths(config);
  return tf.tidy(() => {
    const normed = norm(model, x, names.attentionNorm);
    const projected = updated(run, normed, affine(model, normed, names.attention), { q: 0, k: query, v: query + key });
    const fused = ropeRows(projected, {
      headDim: config.headDim,
      heads: config.heads + config.keyValueHeads,
      positions: run.positions,
      frequencies: run.frequencies,
    });
    run.onKeyValues?.(run.layer, fused);
    const mixed = segmentAttention(fused, {
      heads: config.heads,
      keyValueHeads: config.keyValueHeads,
      segments: segmentsOf(run),
      ...(config.slidingWindow === undefined ? {} : { window: config.slidingWindow }),
    });
    const attended: tf.Tensor2D = tf.add(x, updated(run, mixed, affine(model, mixed, names.output), { o: 0 }));
    const inner = norm(model, attended, names.mlpNorm);
    const gates = updated(run, inner, affine(model, inner, names.gateUp), { gate: 0, up: config.hidden });
    const active = swigluPair(gates);
    return tf.add<tf.Tensor2D>(attended, updated(run, active, affine(model, active, names.down), { down: 0 }));
  });
}

function segmentsOf({ segments, past, layer }: LayerRun): readonly AttentionSegment[] {
  if (past === undefined) return segments;
  return segments.map((segment, index) => {
    const before = past(layer, index);
    return before === undefined ? segment : { ...segment, past: before };
  });
}

/** Adds the low-rank updates of the projections that read `x`; `columns` says where each projection begins in `base`. */
function updated(
  { lora, layer }: LayerRun,
  x: tf.Tensor2D,
  base: tf.Tensor2D,
  columns: Readonly<Partial<Record<LoraTarget["projection"], number>>>,
): tf.Tensor2D {
  let sum = base;
  for (const { factors, sampleOf } of lora ?? []) {
    for (const { target, down, up } of factors.targets) {
      const column = target.layer === layer ? columns[target.projection] : undefined;
      if (column !== undefined) sum = addLowRank(sum, x, { down, up, scale: factors.scale, sampleOf, column });
    }
  }
  return sum;
}

function affine(model: LanguageModel, x: tf.Tensor2D, prefix: string): tf.Tensor2D {
  const bias = `${prefix}/bias`;
  const kernel = weight<tf.Tensor2D>(model, `${prefix}/kernel`);
  return model.variables.has(bias) ? dense(x, kernel, weight<tf.Tensor1D>(model, bias)) : dense(x, kernel);
}

function norm(model: LanguageModel, x: tf.Tensor2D, name: string): tf.Tensor2D {
  return rmsNorm(x, weight<tf.Tensor1D>(model, name), { epsilon: model.config.normEpsilon }) as tf.Tensor2D;
}

/** A variable at the rank that the layout gives it. */
function weight<T extends tf.Tensor>(model: LanguageModel, name: string): T {
  return model.variables.get(name) as tf.Tensor as T;
}
