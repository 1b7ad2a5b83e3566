import type { AttentionSegment } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { LoraRows } from "../decoder/lora-rows.ts";
import type { LoraSamples } from "../decoder/lora-samples.ts";
import { embedTokens, finalNorm, logitsOf, runLayers } from "../decoder/run-decoder.ts";
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
  const tokens: number[] = [];
  const positions: number[] = [];
  const segments: AttentionSegment[] = [];
  const last: number[] = [];
  for (const { sequence, tokens: own, wanted } of parts) {
    segments.push({ start: tokens.length, length: own.length });
    for (const token of own) {
      positions.push(sequence.cache.length + tokens.length - (segments.at(-1)?.start ?? 0));
      tokens.push(token);
    }
    if (wanted) last.push(tokens.length - 1);
  }
  const logits = tf.tidy((): tf.Tensor2D[] => {
    const rows = runLayers(model, embedTokens(model, tokens), {
      positions,
      segments,
      past: (layer, index) => {
        const { cache } = (parts[index] as FeedPart).sequence;
        return cache.length === 0 ? undefined : cache.past(layer);
      },
      lora: loraRowsOf(parts, lora),
      onKeyValues: (layer, fused) => {
        parts.forEach(({ sequence, tokens: own }, index) => {
          sequence.cache.append(layer, fused, (segments[index] as AttentionSegment).start, own.length);
        });
      },
    });
    if (last.length === 0) return [];
    const chosen = last.length === tokens.length ? rows : tf.gather(rows, tf.tensor1d(last, "int32"));
    return [logitsOf(model, finalNorm(model, chosen))];
  });
  for (const { sequence, tokens: own } of parts) sequence.cache.commit(own.length);
  return logits[0] ?? null;
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
