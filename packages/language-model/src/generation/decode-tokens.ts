import { setImmediate } from "node:timers/promises";
import { type Abortable, HapsError, type Settled } from "@haps/spec";
import { peekValues } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { type LoraSamples, loraSamplesOf } from "../decoder/lora-samples.ts";
import type { LanguageModel } from "../model/language-model.ts";
import { callFailureOf } from "./call-failure.ts";
import { type FeedPart, feedRows } from "./feed-rows.ts";
import { sampleToken, type TokenSample } from "./sample-token.ts";
import { advance, openSequence, type Sequence } from "./sequence.ts";
import type { TokenEvent, TokenRequest } from "./token-request.ts";

/** Options of {@link decodeTokens}. */
export interface DecodeTokensOptions extends Abortable {
  /**
   * Tokens of prompts that go through the model at once; bounds the memory of the prefill. Default 1024. It changes no result: prompts
   * are cut at multiples of 256 tokens of their own, whatever the others are.
   */
  readonly prefillRows?: number;
}

/** A long prompt goes through in parts of this many tokens. */
const CHUNK = 256;
const PREFILL_ROWS = 1024;

/**
 * Continues a batch of sequences token by token, with a cache of keys and values; what each step gave, as it comes.
 *
 * Prompts are packed without padding, every sequence still under way costs one row per step, and finished ones leave the batch. Settings,
 * seed and LoRA weights belong to a request. What comes out for a request does not depend on the others: on wasm and cpu bit for bit.
 * A sequence that fills the model's context ends with `length`.
 *
 * The event loop turns between steps. Ending the iteration early frees everything.
 *
 * @param model - Borrowed until the end; its weights must not change meanwhile.
 * @returns Events of one step at a time, at most one per request in each, never none.
 * @throws HapsError code `aborted` when the signal fires. What is wrong with one request is an event of its own: code `data` for a
 *   prompt that is empty, too long or holds an unknown token, `config` for wrong settings or seed, the codes of `checkLora`, and
 *   `non-finite` for logits that are none.
 */
export async function* decodeTokens(
  model: LanguageModel,
  requests: readonly TokenRequest[],
  options: DecodeTokensOptions = {},
): AsyncGenerator<readonly TokenEvent[], void> {
  const { signal, prefillRows = PREFILL_ROWS } = options;
  throwIfAborted(signal);
  const sequences: Sequence[] = [];
  let lora: readonly LoraSamples[] = [];
  try {
    const events = openAll(model, requests, sequences);
    if (events.length > 0) yield events;
    const open = new Set(sequences.map(({ index }) => index));
    lora = loraSamplesOf(
      requests.map((request, index) => (open.has(index) ? request.lora : undefined)),
      model.config,
    );
    let waiting: readonly Sequence[] = sequences;
    let live: Sequence[] = [];
    while (waiting.length + live.length > 0) {
      await setImmediate();
      throwIfAborted(signal);
      const parts = waiting.length > 0 ? promptParts(waiting, prefillRows) : live.map(newestPart);
      const step = runStep(model, parts, lora);
      live = [...(waiting.length > 0 ? live : []), ...step.live];
      waiting = waiting.filter(({ cache, prompt }) => cache.length < prompt.length);
      if (step.events.length > 0) yield step.events;
    }
  } finally {
    for (const { cache } of sequences) cache.dispose();
    tf.dispose(lora.map(({ factors }) => factors.targets.map(({ down, up }) => [down, up])));
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new HapsError("aborted", "generation: aborted by its signal", {}, { cause: signal.reason });
}

/** Opens what can be opened into `sequences`, which their owner frees also where this throws; what cannot is an event. */
function openAll(model: LanguageModel, requests: readonly TokenRequest[], sequences: Sequence[]): TokenEvent[] {
  const events: TokenEvent[] = [];
  requests.forEach((request, index) => {
    try {
      sequences.push(openSequence(model, request, index));
    } catch (error) {
      events.push({ request: index, failure: callFailureOf(error) });
    }
  });
  return events;
}

/** The next part of as many prompts as fit, at least one; where a prompt is cut depends on nothing but the prompt. */
function promptParts(waiting: readonly Sequence[], limit: number): FeedPart[] {
  const parts: FeedPart[] = [];
  let rows = 0;
  for (const sequence of waiting) {
    const { cache, prompt } = sequence;
    const tokens = prompt.slice(cache.length, cache.length + CHUNK);
    if (rows > 0 && rows + tokens.length > limit) break;
    rows += tokens.length;
    parts.push({ sequence, tokens, wanted: cache.length + tokens.length === prompt.length });
  }
  return parts;
}

function newestPart(sequence: Sequence): FeedPart {
  return { sequence, tokens: [sequence.newest], wanted: true };
}

/** Feeds tokens and samples the next one of every part that wants it. */
function runStep(
  model: LanguageModel,
  parts: readonly FeedPart[],
  lora: readonly LoraSamples[],
): { readonly live: Sequence[]; readonly events: TokenEvent[] } {
  const live: Sequence[] = [];
  const logits = feedRows(model, parts, lora);
  if (logits === null) return { live, events: [] };
  const sequences = parts.filter(({ wanted }) => wanted).map(({ sequence }) => sequence);
  const samples = sampleRows(logits, sequences);
  logits.dispose();
  const events = sequences.map((sequence, row): TokenEvent => {
    const request = sequence.index;
    const sample = samples[row] as Settled<TokenSample>;
    const finishReason = sample.ok ? advance(sequence, sample.value.token, model.config) : undefined;
    if (!sample.ok || finishReason !== undefined) sequence.cache.dispose();
    if (!sample.ok) return { request, failure: sample.failure };
    if (finishReason !== undefined) return { request, ...sample.value, finishReason };
    live.push(sequence);
    return { request, ...sample.value };
  });
  return { live, events };
}

/** No tensor is made in here, so that the logits may be looked at in place. */
function sampleRows(logits: tf.Tensor2D, sequences: readonly Sequence[]): Settled<TokenSample>[] {
  const values = peekValues(logits);
  const width = logits.shape[1];
  return sequences.map(({ decoding, rng }, row) => {
    try {
      return { ok: true, value: sampleToken(values.subarray(row * width, (row + 1) * width), decoding, rng) };
    } catch (error) {
      return { ok: false, failure: callFailureOf(error) };
    }
  });
}
