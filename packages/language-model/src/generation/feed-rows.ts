import type { AttentionSegment } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { LoraRows } from "../decoder/lora-rows.ts";
import type { LoraSamples } from "../decoder/lora-samples.ts";
import { embedTokens, finalNorm, logitsOf, type RunLayersOptions, runLayers } from "../decoder/run-decoder.ts";
import { runLastLayer } from "../decoder/run-last-layer.ts";
import type { LanguageModel } from "../model/language-model.ts";
import type { Sequence } from "./sequence.ts";

/** The next tokens of one sequence. */
export interface FeedPart {
  readonly sequence: Sequence;
  readonly tokens: readonly number[];
  /** Whether the logits after the last of them are wanted. */
  readonly wanted: boolean;
}

/**
 * Runs the next tokens of several sequences through the model as one pack of rows, and keeps their keys and values.
 *
 * @returns Logits of the parts that want them, `[wanted, vocabulary]`, which the caller owns; `null` where none does.
 */
export function feedRows(
  model: LanguageModel,
  parts: readonly FeedPart[],
  lora: readonly LoraSamples[],
): tf.Tensor2D | null {
  const tokens = parts.flatMap((part) => part.tokens);
  const wanted = parts.flatMap((part, index) => (part.wanted ? [index] : []));
  const options = layersOptions(parts, lora);
  const last = model.config.layers - 1;
  const logits = tf.tidy((): tf.Tensor2D[] => {
    const x = embedTokens(model, tokens);
    // A sequence with one row alone in this pack goes the same way in the next: by itself a row is computed alike in both.
    const rows =
      wanted.length === tokens.length
        ? runLayers(model, x, options)
        : runLastLayer(model, runLayers(model, x, { ...options, to: last }), { ...options, wanted });
    return wanted.length === 0 ? [] : [logitsOf(model, finalNorm(model, rows))];
  });
  for (const { sequence, tokens: own } of parts) sequence.cache.commit(own.length);
  return logits[0] ?? null;
}

function layersOptions(parts: readonly FeedPart[], lora: readonly LoraSamples[]): RunLayersOptions {
  const positions: number[] = [];
  const segments = parts.map(({ sequence, tokens }): AttentionSegment => {
    const start = positions.length;
    for (let offset = 0; offset < tokens.length; offset += 1) positions.push(sequence.cache.length + offset);
    return { start, length: tokens.length };
  });
  return {
    positions,
    segments,
    past: (layer, index) => {
      const { cache } = (parts[index] as FeedPart).sequence;
      return cache.length === 0 ? undefined : cache.past(layer);
    },
    lora: loraRowsOf(parts, lora),
    onKeyValues: (layer, fused) => {
      parts.forEach(({ sequence, tokens }, index) => {
        sequence.cache.append(layer, fused, (segments[index] as AttentionSegment).start, tokens.length);
      });
    },
  };
}

/** Samples by row in place of by request; groups that no row belongs to are left out. */
function loraRowsOf(parts: readonly FeedPart[], lora: readonly LoraSamples[]): readonly LoraRows[] {
  return lora.flatMap(({ factors, sampleOf }) => {
    const rows = parts.flatMap(({ sequence, tokens }) => {
      const sample = sampleOf[sequence.index] as number;
      return tokens.map(() => sample);
    });
    return rows.some((sample) => sample >= 0) ? [{ factors, sampleOf: rows }] : [];
  });
}
