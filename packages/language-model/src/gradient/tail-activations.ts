import { type AttentionSegment, peekValues, tidyValue } from "@haps/tensor";
import type * as tf from "@tensorflow/tfjs";
import { cutSegments } from "../decoder/cut-segments.ts";
import { attendRows, type LayerRun, projectAttention } from "../decoder/decoder-layer.ts";
import { createKeyValueCache, type KeyValueCache } from "../decoder/key-value-cache.ts";
import { ropeFrequencies } from "../decoder/rope-frequencies.ts";
import { embedTokens, runLayers } from "../decoder/run-decoder.ts";
import type { LanguageModel } from "../model/language-model.ts";
import type { ModelConfig } from "../model/model-config.ts";
import { attentionWidths } from "../model/parameter-layout.ts";
import { type CompletionTokens, checkCompletion, inputTokens } from "./completion-item.ts";
import { PASS_ROWS } from "./pack-batches.ts";
import { hasSeparateRows, type TailCut } from "./tail-cut.ts";

/** What a completion looks like at a cut, as plain arrays; LoRA weights behind the cut do not change it. */
export interface TailActivations {
  readonly cut: TailCut;
  /** Tokens that were run: prompt and completion but its last token. */
  readonly inputs: readonly number[];
  /** Position of the first row that is kept: where rows go one by one, those before the completion are not needed. */
  readonly first: number;
  /** How many rows there are from there on. */
  readonly kept: number;
  /** What the layer of the cut begins with, `[kept, dim]`. */
  readonly rows: Float32Array;
  /** What its attention gives, `[kept, heads headDim]`; with cut `attention` only. */
  readonly mixed?: Float32Array;
  /** Its keys and values, `[inputs, keyValueHeads headDim]`; with cut `keys` only. */
  readonly keyValues?: { readonly keys: Float32Array; readonly values: Float32Array };
}

/** A sequence goes through in parts of this many tokens of its own, so that memory hardly grows with its length. */
const PART = 128;

/**
 * Runs completions up to a cut, without a tape; what comes out serves any number of gradients, as long as the model's weights stay.
 *
 * A sequence goes through in parts of 128 tokens: what grows with its length is the scores of one part, and plain arrays. The result
 * has, per token that is kept, `dim` numbers and `heads headDim` (cut `attention`), per token of the sequence `2 keyValueHeads headDim`
 * (cut `keys`).
 *
 * @returns In the order of the items, each independent of its neighbours; nothing to dispose.
 * @throws HapsError code `data`, naming item and position, for tokens that do not fit the model.
 *
 * @example
 * ```ts
 * const shape = { family: "llama", vocabulary: 16, dim: 8, layers: 2, heads: 2, hidden: 8, context: 32 } as const;
 * const model = createLanguageModel({ ...shape, rng: createRng(1) });
 * const [item] = tailActivations(model, [{ promptTokens: [1, 2], tokens: [3, 4, 5] }], { layer: 1, fixed: "attention" });
 * console.assert(item?.first === 1 && item.rows.length === 3 * 8); // the rows that predict 3, 4 and 5
 * model.dispose();
 * ```
 */
export function tailActivations(
  model: LanguageModel,
  items: readonly CompletionTokens[],
  cut: TailCut,
): readonly TailActivations[] {
  const { config } = model;
  const drafts = items.map((item, index) => {
    checkCompletion("tailActivations", item, index, config);
    return draftOf(item, cut, config);
  });
  for (const parts of passesOf(drafts)) {
    tidyValue(() => {
      runPass(model, parts, cut);
    });
  }
  return drafts.map(({ inputs, first, kept, rows, mixed, keyValues }) => ({
    cut,
    inputs,
    first,
    kept,
    rows,
    ...(mixed === undefined ? {} : { mixed }),
    ...(keyValues === undefined ? {} : { keyValues }),
  }));
}

interface Draft extends TailActivations {
  /** For sequences of several parts. */
  readonly cache?: KeyValueCache;
}

/** Tokens `from` to `to` of one sequence. */
interface Part {
  readonly draft: Draft;
  readonly from: number;
  readonly to: number;
}

function draftOf(item: CompletionTokens, cut: TailCut, config: ModelConfig): Draft {
  const inputs = inputTokens(item);
  const { query, key } = attentionWidths(config);
  const separate = hasSeparateRows(cut, config);
  const first = separate && inputs.length > 0 ? item.promptTokens.length - 1 : 0;
  const kept = inputs.length - first;
  const keyValue = (): Float32Array => new Float32Array(inputs.length * key);
  return {
    cut,
    inputs,
    first,
    kept,
    rows: new Float32Array(kept * config.dim),
    ...(cut.fixed === "attention" ? { mixed: new Float32Array(kept * query) } : {}),
    ...(cut.fixed === "keys" ? { keyValues: { keys: keyValue(), values: keyValue() } } : {}),
    ...(inputs.length > PART ? { cache: createKeyValueCache(config, inputs.length) } : {}),
  };
}

/** Parts in groups that go through together; a part comes after the one that it continues. */
function passesOf(drafts: readonly Draft[]): readonly (readonly Part[])[] {
  const passes: Part[][] = [];
  let room = 0;
  for (const draft of drafts) {
    for (let from = 0; from < draft.inputs.length; from += PART) {
      const to = Math.min(from + PART, draft.inputs.length);
      if (to - from > room || from > 0) {
        passes.push([]);
        room = PASS_ROWS;
      }
      passes.at(-1)?.push({ draft, from, to });
      room -= to - from;
    }
  }
  return passes;
}

function runPass(model: LanguageModel, parts: readonly Part[], cut: TailCut): void {
  const tokens = parts.flatMap(({ draft, from, to }) => draft.inputs.slice(from, to));
  const positions = parts.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, row) => from + row));
  let start = 0;
  const segments = parts.map(({ from, to }): AttentionSegment => {
    const segment = { start, length: to - from };
    start += segment.length;
    return segment;
  });
  const run: LayerRun = {
    positions,
    segments,
    past: (layer, index) => pastOf(parts[index] as Part, layer),
    onKeyValues: (layer, fused) => {
      parts.forEach(({ draft: { cache } }, index) => {
        const segment = segments[index] as AttentionSegment;
        cache?.append(layer, fused, segment.start, segment.length);
      });
    },
    layer: cut.layer,
    frequencies: ropeFrequencies(model.config),
  };
  const x = runLayers(model, embedTokens(model, tokens), { ...run, to: cut.layer });
  copyKept(x, parts, segments, ({ rows }) => rows);
  if (cut.fixed !== "nothing") runAttention(model, x, { parts, segments, run });
  for (const { draft, from, to } of parts) draft.cache?.commit(to - from);
}

function pastOf({ draft: { cache } }: Part, layer: number): AttentionSegment["past"] {
  return cache === undefined || cache.length === 0 ? undefined : cache.past(layer);
}

interface Pass {
  readonly parts: readonly Part[];
  readonly segments: readonly AttentionSegment[];
  readonly run: LayerRun;
}

/** Keys and values, or attention, of the layer of the cut. */
function runAttention(model: LanguageModel, x: tf.Tensor2D, { parts, segments, run }: Pass): void {
  const fused = projectAttention(model, x, run);
  if (parts[0]?.draft.mixed === undefined) {
    copyKeyValues(fused, parts, segments, attentionWidths(model.config));
    return;
  }
  run.onKeyValues?.(run.layer, fused);
  const kept = parts.flatMap(({ draft, from, to }, index) => {
    const { start } = segments[index] as AttentionSegment;
    const skipped = Math.max(0, draft.first - from);
    return Array.from({ length: Math.max(0, to - from - skipped) }, (_, row) => start + skipped + row);
  });
  const asking = cutSegments(segments, kept);
  const past = (layer: number, index: number) => pastOf(parts[asking.origin[index] as number] as Part, layer);
  const mixed = attendRows(model, fused, { ...run, segments: asking.segments, past });
  copyKept(mixed, parts, segments, (draft) => draft.mixed);
}

/** Copies the rows that are kept out of a tensor. */
function copyKept(
  tensor: tf.Tensor2D,
  parts: readonly Part[],
  segments: readonly AttentionSegment[],
  targetOf: (draft: Draft) => Float32Array | undefined,
): void {
  const values = peekValues(tensor);
  const width = tensor.shape[1];
  parts.forEach(({ draft, from, to }, index) => {
    const begin = Math.max(from, draft.first);
    if (begin >= to) return;
    const start = (segments[index] as AttentionSegment).start + begin - from;
    targetOf(draft)?.set(values.subarray(start * width, (start + to - begin) * width), (begin - draft.first) * width);
  });
}

function copyKeyValues(
  fused: tf.Tensor2D,
  parts: readonly Part[],
  segments: readonly AttentionSegment[],
  widths: ReturnType<typeof attentionWidths>,
): void {
  const values = peekValues(fused);
  parts.forEach(({ draft, from, to }, index) => {
    const { start } = segments[index] as AttentionSegment;
    for (let row = 0; row < to - from; row += 1) {
      const at = (start + row) * widths.fused + widths.query;
      draft.keyValues?.keys.set(values.subarray(at, at + widths.key), (from + row) * widths.key);
      draft.keyValues?.values.set(values.subarray(at + widths.key, at + 2 * widths.key), (from + row) * widths.key);
    }
  });
}
