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
import { groupByKey, PASS_ROWS } from "./pack-batches.ts";
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
export const PART_ROWS = 128;

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
  /** Tokens of the prompt. */
  readonly prompt: number;
  /** For sequences of several parts. */
  readonly cache?: KeyValueCache;
}

/** Tokens one after another, from a position on. */
interface Part {
  readonly tokens: readonly number[];
  readonly from: number;
  /** Part of the same pass that they continue. */
  readonly behind?: number;
  /** Whose tokens they are: one sequence, or all that begin with this prompt. */
  readonly owners: Draft[];
}

function draftOf(item: CompletionTokens, cut: TailCut, config: ModelConfig): Draft {
  const inputs = inputTokens(item);
  const { query, key } = attentionWidths(config);
  const separate = hasSeparateRows(cut, config);
  const prompt = item.promptTokens.length;
  const first = separate && inputs.length > 0 ? prompt - 1 : 0;
  const kept = inputs.length - first;
  const keyValue = (): Float32Array => new Float32Array(inputs.length * key);
  return {
    cut,
    inputs,
    prompt,
    first,
    kept,
    rows: new Float32Array(kept * config.dim),
    ...(cut.fixed === "attention" ? { mixed: new Float32Array(kept * query) } : {}),
    ...(cut.fixed === "keys" ? { keyValues: { keys: keyValue(), values: keyValue() } } : {}),
    ...(inputs.length > PART_ROWS ? { cache: createKeyValueCache(config, inputs.length) } : {}),
  };
}

/** Parts in groups that go through together; a part comes after the one that it continues. */
function passesOf(drafts: readonly Draft[]): readonly (readonly Part[])[] {
  const short = drafts.filter(({ inputs, cache }) => inputs.length > 0 && cache === undefined);
  const samePrompt = groupByKey(short, ({ inputs, prompt }) => inputs.slice(0, prompt).join());
  return [...shortPasses(samePrompt), ...drafts.filter(({ cache }) => cache !== undefined).flatMap(longPasses)];
}

/**
 * Prompt and completion are parts of their own, also where nobody shares the prompt: so nobody feels whether somebody does. A prompt
 * goes once through each pass that has a completion of it.
 */
function shortPasses(groups: readonly (readonly Draft[])[]): readonly (readonly Part[])[] {
  const passes: Part[][] = [];
  let room = 0;
  for (const group of groups) {
    let prompt: number | undefined;
    for (const draft of group) {
      const completion = draft.inputs.slice(draft.prompt);
      if (completion.length + (prompt === undefined ? draft.prompt : 0) > room) {
        passes.push([]);
        room = PASS_ROWS;
        prompt = undefined;
      }
      const pass = passes.at(-1) as Part[];
      if (prompt === undefined) {
        prompt = pass.length;
        pass.push({ tokens: draft.inputs.slice(0, draft.prompt), from: 0, owners: [] });
        room -= draft.prompt;
      }
      pass[prompt]?.owners.push(draft);
      if (completion.length === 0) continue;
      pass.push({ tokens: completion, from: draft.prompt, behind: prompt, owners: [draft] });
      room -= completion.length;
    }
  }
  return passes;
}

/** A long sequence goes alone, each part behind the cache of those before. */
function longPasses(draft: Draft): readonly (readonly Part[])[] {
  const { inputs } = draft;
  return Array.from({ length: Math.ceil(inputs.length / PART_ROWS) }, (_, index) => {
    const from = index * PART_ROWS;
    return [{ tokens: inputs.slice(from, from + PART_ROWS), from, owners: [draft] }];
  });
}

function runPass(model: LanguageModel, parts: readonly Part[], cut: TailCut): void {
  const positions = parts.flatMap(({ tokens, from }) => tokens.map((_, row) => from + row));
  let start = 0;
  const segments = parts.map(({ tokens, behind }): AttentionSegment => {
    const segment = { start, length: tokens.length, ...(behind === undefined ? {} : { ancestors: [behind] }) };
    start += segment.length;
    return segment;
  });
  const run: LayerRun = {
    positions,
    segments,
    past: (layer, index) => pastOf(parts[index] as Part, layer),
    onKeyValues: (layer, fused) => {
      parts.forEach(({ owners }, index) => {
        const segment = segments[index] as AttentionSegment;
        owners[0]?.cache?.append(layer, fused, segment.start, segment.length);
      });
    },
    layer: cut.layer,
    frequencies: ropeFrequencies(model.config),
  };
  const tokens = parts.flatMap((part) => part.tokens);
  const x = runLayers(model, embedTokens(model, tokens), { ...run, to: cut.layer });
  copyKept(x, parts, segments, ({ rows }) => rows);
  if (cut.fixed !== "nothing") runAttention(model, x, { parts, segments, run });
  for (const part of parts) part.owners[0]?.cache?.commit(part.tokens.length);
}

function pastOf({ owners }: Part, layer: number): AttentionSegment["past"] {
  const cache = owners[0]?.cache;
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
  if (parts[0]?.owners[0]?.mixed === undefined) {
    copyKeyValues(fused, parts, segments, attentionWidths(model.config));
    return;
  }
  run.onKeyValues?.(run.layer, fused);
  const kept = parts.flatMap(({ tokens, from, owners }, index) => {
    const { start } = segments[index] as AttentionSegment;
    // Owners of one part share its prompt, and with it the first row that is kept.
    const skipped = Math.max(0, (owners[0] as Draft).first - from);
    return Array.from({ length: Math.max(0, tokens.length - skipped) }, (_, row) => start + skipped + row);
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
  parts.forEach(({ tokens, from, owners }, index) => {
    const { start } = segments[index] as AttentionSegment;
    for (const draft of owners) {
      const begin = Math.max(from, draft.first);
      if (begin >= from + tokens.length) continue;
      const rows = values.subarray((start + begin - from) * width, (start + tokens.length) * width);
      targetOf(draft)?.set(rows, (begin - draft.first) * width);
    }
  });
}

function copyKeyValues(
  fused: tf.Tensor2D,
  parts: readonly Part[],
  segments: readonly AttentionSegment[],
  widths: ReturnType<typeof attentionWidths>,
): void {
  const values = peekValues(fused);
  parts.forEach(({ tokens, from, owners }, index) => {
    const { start } = segments[index] as AttentionSegment;
    for (let row = 0; row < tokens.length; row += 1) {
      const at = (start + row) * widths.fused + widths.query;
      for (const { keyValues } of owners) {
        keyValues?.keys.set(values.subarray(at, at + widths.key), (from + row) * widths.key);
        keyValues?.values.set(values.subarray(at + widths.key, at + 2 * widths.key), (from + row) * widths.key);
      }
    }
  });
}
