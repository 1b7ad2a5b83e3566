import type { AttentionSegment } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { attendRows, finishLayer, type LayerRun, projectAttention } from "../decoder/decoder-layer.ts";
import { packSequences } from "../decoder/decoder-rows.ts";
import { createKeyValueCache, type KeyValueCache } from "../decoder/key-value-cache.ts";
import { ropeFrequencies } from "../decoder/rope-frequencies.ts";
import { embedTokens, runLayers } from "../decoder/run-decoder.ts";
import type { LanguageModel } from "../model/language-model.ts";
import { untaped } from "../untaped.ts";
import type { TrieRows } from "./trie-rows.ts";

/** What one pass over prompts leaves behind, so that continuations cost their own rows only. */
export interface PromptStates {
  readonly model: LanguageModel;
  /** First layer whose gradients are wanted; the number of layers for none. */
  readonly from: number;
  /** `[all tokens, dim]` after the last layer, before the final norm. */
  readonly rows: tf.Tensor2D;
  /** One per prompt. */
  readonly segments: readonly AttentionSegment[];
  /** Keys and values of each prompt in the layers below `from`. */
  readonly caches: readonly KeyValueCache[];
  /** Query, key and value of all tokens in the layers from `from`, differentiable. */
  readonly fused: readonly tf.Tensor2D[];
}

/** Runs prompts through the model; layers below `from` leave nothing on the tape. */
export function runPrompts(model: LanguageModel, prompts: readonly (readonly number[])[], from: number): PromptStates {
  const { tokens, positions, segments } = packSequences(prompts);
  const caches = from === 0 ? [] : segments.map(({ length }) => createKeyValueCache(model.config, length));
  const onKeyValues = (layer: number, fused: tf.Tensor2D): void => {
    segments.forEach(({ start, length }, index) => {
      caches[index]?.append(layer, fused, start, length);
    });
  };
  const run = { positions, segments };
  let rows = lowerLayers(model, tokens, from, (x) => runLayers(model, x, { ...run, to: from, onKeyValues }));
  segments.forEach(({ length }, index) => {
    caches[index]?.commit(length);
  });
  const frequencies = ropeFrequencies(model.config);
  const fused: tf.Tensor2D[] = [];
  for (let layer = from; layer < model.config.layers; layer += 1) {
    const input = rows;
    const [output, own] = tf.tidy((): [tf.Tensor2D, tf.Tensor2D] => {
      const here: LayerRun = { ...run, layer, frequencies };
      const projected = projectAttention(model, input, here);
      return [finishLayer(model, input, attendRows(model, projected, here), here), projected];
    });
    rows = output;
    fused.push(own);
  }
  return { model, from, rows, segments, caches, fused };
}

/** Runs continuations of prompts through the model: `[rows, dim]` before the final norm; the caller owns it. */
export function runContinuations(states: PromptStates, trie: TrieRows): tf.Tensor2D {
  const { model, from, segments: prompts, caches, fused } = states;
  const { tokens, positions, promptOf, segments } = trie;
  const promptRows = prompts.reduce((sum, { length }) => sum + length, 0);
  const frequencies = ropeFrequencies(model.config);
  return tf.tidy(() => {
    const past = (layer: number, segment: number) => caches[promptOf[segment] as number]?.past(layer);
    let rows = lowerLayers(model, tokens, from, (x) => runLayers(model, x, { positions, segments, past, to: from }));
    const joined = [
      ...prompts.map((prompt) => ({ ...prompt, silent: true })),
      ...afterPrompts(trie, prompts.length, promptRows),
    ];
    for (let layer = from; layer < model.config.layers; layer += 1) {
      const here: LayerRun = { positions, segments: joined, layer, frequencies };
      const own = projectAttention(model, rows, here);
      const all = tf.concat([fused[layer - from] as tf.Tensor2D, own], 0);
      const mixed = tf.slice(attendRows(model, all, here), [promptRows, 0]);
      rows = finishLayer(model, rows, mixed, here);
    }
    return rows;
  });
}

/** Embedding and layers below `from`, off the tape; with `from` 0 the embedding alone, on it. */
function lowerLayers(
  model: LanguageModel,
  tokens: ArrayLike<number>,
  from: number,
  run: (x: tf.Tensor2D) => tf.Tensor2D,
): tf.Tensor2D {
  return from === 0 ? embedTokens(model, tokens) : untaped(() => run(embedTokens(model, tokens)));
}

/** Segments of continuations as they stand behind the rows of the prompts, whose segments come first. */
function afterPrompts({ segments, promptOf }: TrieRows, prompts: number, rows: number): AttentionSegment[] {
  return segments.map(({ start, length, ancestors = [] }, index) => ({
    start: rows + start,
    length,
    ancestors: [promptOf[index] as number, ...ancestors.map((ancestor) => prompts + ancestor)],
  }));
}
