import type { AttentionSegment } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { LanguageModel } from "../model/language-model.ts";
import { cutSegments } from "./cut-segments.ts";
import { attendRows, finishLayer, projectAttention } from "./decoder-layer.ts";
import type { LoraRows } from "./lora-rows.ts";
import { ropeFrequencies } from "./rope-frequencies.ts";
import type { RunLayersOptions } from "./run-decoder.ts";

/** How rows go through the last layer. */
export interface RunLastLayerOptions extends Omit<RunLayersOptions, "from" | "to" | "segments"> {
  readonly segments: readonly Pick<AttentionSegment, "start" | "length">[];
  /** Segments whose last row is wanted. */
  readonly wanted: readonly number[];
}

/**
 * Runs the last layer for the last rows of some segments; all other rows only give their keys and values, which saves most of its work.
 *
 * @param x - What the layers before gave, `[rows, dim]`, borrowed.
 * @returns `[wanted, dim]`, before the final norm; the caller owns it. Not differentiable.
 */
export function runLastLayer(model: LanguageModel, x: tf.Tensor2D, options: RunLastLayerOptions): tf.Tensor2D {
  const { segments, wanted, past, lora = [] } = options;
  const layer = model.config.layers - 1;
  const run = { ...options, layer, frequencies: ropeFrequencies(model.config) };
  const rows = wanted.map((index) => {
    const { start, length } = segments[index] as AttentionSegment;
    return start + length - 1;
  });
  const cut = cutSegments(segments, rows);
  const lastLora = lora.map(({ factors, sampleOf }): LoraRows => {
    return { factors, sampleOf: rows.map((row) => sampleOf[row] as number) };
  });
  return tf.tidy(() => {
    const fused = projectAttention(model, x, run);
    options.onKeyValues?.(layer, fused);
    if (wanted.length === 0) return tf.zeros<tf.Rank.R2>([0, model.config.dim]);
    const seen =
      past === undefined ? {} : { past: (_: number, index: number) => past(layer, cut.origin[index] as number) };
    const mixed = attendRows(model, fused, { ...run, segments: cut.segments, ...seen });
    const places = tf.tensor1d(rows, "int32");
    return finishLayer(model, tf.gather(x, places), tf.gather(mixed, places), { ...run, lora: lastLora });
  });
}
