import { type AttentionSegment, dense, embedding, linear } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { LanguageModel } from "../model/language-model.ts";
import { EMBEDDING, FINAL_NORM } from "../model/parameter-layout.ts";
import { attendRows, finishLayer, type LayerRun, normRows, projectAttention, weightOf } from "./decoder-layer.ts";
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
  const table = weightOf<tf.Tensor2D>(model, EMBEDDING);
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
  return normRows(model, x, FINAL_NORM);
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
    return linear(hidden, weightOf<tf.Tensor2D>(model, EMBEDDING)) as tf.Tensor2D;
  }
  return dense(hidden, model.headKernel());
}

function runLayer(model: LanguageModel, x: tf.Tensor2D, run: LayerRun): tf.Tensor2D {
  return tf.tidy(() => {
    const fused = projectAttention(model, x, run);
    run.onKeyValues?.(run.layer, fused);
    return finishLayer(model, x, attendRows(model, fused, run), run);
  });
}
