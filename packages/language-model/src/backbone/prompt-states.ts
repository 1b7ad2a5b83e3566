import { type AttentionSegment, embedding, untaped } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { type CutSegments, cutSegments } from "../decoder/cut-segments.ts";
import { attendRows, finishLayer, type LayerRun, projectAttention } from "../decoder/decoder-layer.ts";
import { packSequences } from "../decoder/decoder-rows.ts";
import { createKeyValueCache, type KeyValueCache } from "../decoder/key-value-cache.ts";
import { ropeFrequencies } from "../decoder/rope-frequencies.ts";
import { embedTokens } from "../decoder/run-decoder.ts";
import type { LanguageModel } from "../model/language-model.ts";
import type { TrieRows } from "./trie-rows.ts";

/** What one pass over prompts leaves behind, so that continuations cost their own rows only. */
export interface PromptStates {
  readonly model: LanguageModel;
  /** First layer whose gradients are wanted; the number of layers for none. */
  readonly from: number;
  /** `[wanted, dim]` after the last layer, before the final norm. */
  readonly rows: tf.Tensor2D;
  /** One per prompt. */
  readonly segments: readonly AttentionSegment[];
  /** Keys and values of each prompt in the layers below `from`. */
  readonly caches: readonly KeyValueCache[];
  /** Query, key and value of all tokens in the layers from `from`, differentiable. */
  readonly fused: readonly tf.Tensor2D[];
}

/**
 * Runs prompts through the model; layers below `from` leave nothing on the tape.
 *
 * @param wanted - Rows that are read after the last layer; the others end there as keys and values.
 */
export function runPrompts(
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
  wanted: readonly number[],
  from: number,
): PromptStates {
  const { tokens, positions, segments } = packSequences(prompts);
  const caches = from === 0 ? [] : segments.map(({ length }) => createKeyValueCache(model.config, length));
  const way = wayOf(model, { positions, segments, wanted });
  const lower = (): tf.Tensor2D => {
    let x = embedTokens(model, tokens);
    for (let layer = 0; layer < from; layer += 1) {
      const [output, own] = takeLayer(model, x, layer, way);
      segments.forEach(({ start, length }, index) => {
        caches[index]?.append(layer, own, start, length);
      });
      own.dispose();
      x = output;
    }
    return x;
  };
  let rows = from === 0 ? lower() : untaped(lower);
  segments.forEach(({ length }, index) => {
    caches[index]?.commit(length);
  });
  const fused: tf.Tensor2D[] = [];
  for (let layer = from; layer < model.config.layers; layer += 1) {
    const [output, own] = takeLayer(model, rows, layer, way);
    rows = output;
    fused.push(own);
  }
  return { model, from, rows, segments, caches, fused };
}

/** Runs continuations of prompts through the model: the wanted rows, `[wanted, dim]`, before the final norm; the caller owns them. */
export function runContinuations(states: PromptStates, trie: TrieRows, wanted: readonly number[]): tf.Tensor2D {
  const { model, from, segments: prompts, caches, fused } = states;
  const { tokens, positions, promptOf, segments } = trie;
  const past = (layer: number, segment: number) => caches[promptOf[segment] as number]?.past(layer);
  const before = (layer: number, cut: CutSegments): Before => ({
    fused: fused[layer - from] as tf.Tensor2D,
    segments: behindPrompts(prompts, cut, promptOf),
  });
  const lowerWay = wayOf(model, { positions, segments, wanted, past });
  const upperWay = wayOf(model, { positions, segments, wanted, before });
  return tf.tidy(() => {
    const lower = (): tf.Tensor2D => {
      let x = embedTokens(model, tokens);
      for (let layer = 0; layer < from; layer += 1) [x] = takeLayer(model, x, layer, lowerWay);
      return x;
    };
    let rows = from === 0 ? lower() : untaped(lower);
    for (let layer = from; layer < model.config.layers; layer += 1) [rows] = takeLayer(model, rows, layer, upperWay);
    return rows;
  });
}

/** Some rows of a matrix, in this order; differentiable. */
export function selectRows(matrix: tf.Tensor2D, rows: readonly number[]): tf.Tensor2D {
  return embedding(matrix, tf.tensor1d(Int32Array.from(rows), "int32")) as tf.Tensor2D;
}

/** Rows of an earlier pass that stand before those of this one, and the segments of both. */
interface Before {
  readonly fused: tf.Tensor2D;
  readonly segments: readonly AttentionSegment[];
}

/** Rows on their way through the layers. */
interface Way {
  readonly positions: ArrayLike<number>;
  readonly segments: readonly AttentionSegment[];
  /** Rows that are read after the last layer. */
  readonly wanted: readonly number[];
  readonly past?: (layer: number, segment: number) => AttentionSegment["past"];
  readonly before?: (layer: number, cut: CutSegments) => Before;
}

interface PreparedWay extends Way {
  readonly frequencies: Float64Array;
  /** All segments as they are, and as the last layer needs them. */
  readonly whole: CutSegments;
  readonly last: CutSegments;
}

function wayOf(model: LanguageModel, way: Way): PreparedWay {
  const { segments, wanted } = way;
  const whole = { segments, origin: segments.map((_, index) => index) };
  return { ...way, frequencies: ropeFrequencies(model.config), whole, last: cutSegments(segments, wanted) };
}

/** One layer: its rows, after the last layer only the wanted ones, and its query, key and value; the caller owns both. */
function takeLayer(
  model: LanguageModel,
  x: tf.Tensor2D,
  layer: number,
  way: PreparedWay,
): [rows: tf.Tensor2D, fused: tf.Tensor2D] {
  const { positions, frequencies, wanted, past, before } = way;
  const isLast = layer === model.config.layers - 1;
  const cut = isLast ? way.last : way.whole;
  return tf.tidy((): [tf.Tensor2D, tf.Tensor2D] => {
    const earlier = before?.(layer, cut);
    const run: LayerRun = {
      positions,
      frequencies,
      layer,
      segments: earlier?.segments ?? cut.segments,
      ...(past === undefined ? {} : { past: (at, segment) => past(at, cut.origin[segment] as number) }),
    };
    const own = projectAttention(model, x, run);
    const first = earlier?.fused.shape[0] ?? 0;
    const mixed = attendRows(model, earlier === undefined ? own : tf.concat([earlier.fused, own], 0), run);
    if (!isLast) return [finishLayer(model, x, first === 0 ? mixed : tf.slice(mixed, [first, 0]), run), own];
    const places = wanted.map((row) => first + row);
    return [finishLayer(model, selectRows(x, wanted), selectRows(mixed, places), run), own];
  });
}

/** Segments of prompts, only to be seen, and of continuations behind them. */
function behindPrompts(
  prompts: readonly AttentionSegment[],
  { segments, origin }: CutSegments,
  promptOf: readonly number[],
): AttentionSegment[] {
  const rows = prompts.reduce((sum, { length }) => sum + length, 0);
  return [
    ...prompts.map((prompt) => ({ ...prompt, silent: true })),
    ...segments.map((segment, index) => ({
      ...segment,
      start: rows + segment.start,
      ancestors: [
        promptOf[origin[index] as number] as number,
        ...(segment.ancestors ?? []).map((ancestor) => prompts.length + ancestor),
      ],
    })),
  ];
}
