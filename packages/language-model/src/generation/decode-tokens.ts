import { setImmediate } from "node:timers/promises";
import { type Abortable, HapsError, type Settled } from "@haps/spec";
import { peekValues } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { type LoraSamples, loraSamplesOf } from "../decoder/lora-samples.ts";
import type { LanguageModel } from "../model/language-model.ts";
import { callFailureOf } from "./call-failure.ts";
import { type FeedPart, feedRows } from "./feed-rows.ts";
import { sampleToken, type TokenSample } from "./sample-token.ts";
import { advance, openSequence, type PreparedRequest, prepareRequest, type Sequence } from "./sequence.ts";
import type { TokenEvent, TokenRequest } from "./token-request.ts";

/** Options of {@link decodeTokens}. */
export interface DecodeTokensOptions extends Abortable {
  /**
   * Tokens of prompts that go through the model at once; bounds the memory of the prefill. Default 1024. It changes no result: prompts
   * are cut at multiples of 256 tokens of their own, whatever the others are.
   */
  readonly prefillRows?: number;
  /** Sequences side by side, at least 1: bounds the memory of keys and values. More wait, and join as others end. Default 32. */
  readonly maxBatch?: number;
}

/** A long prompt goes through in parts of this many tokens. */
const CHUNK = 256;
const PREFILL_ROWS = 1024;
const MAX_BATCH = 32;

/**
 * Continues a batch of sequences token by token, with a cache of keys and values; what each step gave, as it comes.
 *
 * Prompts are packed without padding, every sequence still under way costs one row per step, and waiting ones join as others end: their
 * prompts go through beside the rows of those under way. Settings, seed and LoRA weights belong to a request. What comes out for a
 * request does not depend on the others: on wasm and cpu bit for bit.
 * A sequence that fills the model's context ends with `length`.
 *
 * The event loop turns between steps. Ending the iteration early frees everything.
 *
 * @param model - Borrowed until the end; its weights must not change meanwhile.
 * @returns Events of one step at a time, at most one per request in each, never none.
 * @throws HapsError code `aborted` when the signal fires, `config` for a `maxBatch` below 1. What is wrong with one request is an event of its own: code `data` for a
 *   prompt that is empty, too long or holds an unknown token, `config` for wrong settings or seed, the codes of `checkLora`, and
 *   `non-finite` for logits that are none.
 */
export async function* decodeTokens(
  model: LanguageModel,
  requests: readonly TokenRequest[],
  options: DecodeTokensOptions = {},
): AsyncGenerator<readonly TokenEvent[], void> {
  const { signal, prefillRows = PREFILL_ROWS, maxBatch = MAX_BATCH } = options;
  checkBatch(maxBatch);
  throwIfAborted(signal);
  const { prepared, events: refused } = prepareAll(model, requests);
  if (refused.length > 0) yield refused;
  const sequences: Sequence[] = [];
  let lora: readonly LoraSamples[] = [];
  try {
    const sound = new Set(prepared.map(({ index }) => index));
    lora = loraSamplesOf(
      requests.map((request, index) => (sound.has(index) ? request.lora : undefined)),
      model.config,
    );
    let waiting = prepared;
    let live: Sequence[] = [];
    while (waiting.length + live.length > 0) {
      await setImmediate();
      throwIfAborted(signal);
      const joining = waiting.slice(0, maxBatch - live.length);
      waiting = waiting.slice(joining.length);
      const failures = openAll(model, joining, (sequence) => {
        sequences.push(sequence);
        live.push(sequence);
      });
      const step = runStep(model, nextParts(live, prefillRows), lora);
      live = live.filter(({ index }) => !step.ended.has(index));
      const events = [...failures, ...step.events];
      if (events.length > 0) yield events;
    }
  } finally {
    for (const { cache } of sequences) cache.dispose();
    tf.dispose(lora.map(({ factors }) => factors.targets.map(({ down, up }) => [down, up])));
  }
}

function checkBatch(maxBatch: number): void {
  if (Number.isSafeInteger(maxBatch) && maxBatch >= 1) return;
  throw new HapsError("config", `generation: maxBatch is ${maxBatch}; expected a whole number from 1`, { maxBatch });
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new HapsError("aborted", "generation: aborted by its signal", {}, { cause: signal.reason });
}

/** Checks all requests; what is wrong with one is an event. */
function prepareAll(
  model: LanguageModel,
  requests: readonly TokenRequest[],
): { readonly prepared: readonly PreparedRequest[]; readonly events: readonly TokenEvent[] } {
  const prepared: PreparedRequest[] = [];
  const events: TokenEvent[] = [];
  requests.forEach((request, index) => {
    try {
      prepared.push(prepareRequest(model, request, index));
    } catch (error) {
      events.push({ request: index, failure: callFailureOf(error) });
    }
  });
  return { prepared, events };
}

/** Makes room for requests that join; a failure of one is an event. */
function openAll(
  model: LanguageModel,
  joining: readonly PreparedRequest[],
  use: (sequence: Sequence) => void,
): TokenEvent[] {
  const events: TokenEvent[] = [];
  for (const request of joining) {
    try {
      use(openSequence(model, request));
    } catch (error) {
      events.push({ request: request.index, failure: callFailureOf(error) });
    }
  }
  return events;
}

/**
 * The newest token of every sequence whose prompt has been read, and parts of as many other prompts as fit, at least one; where a prompt
 * is cut depends on nothing but the prompt.
 */
function nextParts(live: readonly Sequence[], limit: number): FeedPart[] {
  const parts: FeedPart[] = [];
  let rows = 0;
  let full = false;
  for (const sequence of live) {
    const { cache, prompt } = sequence;
    if (cache.length >= prompt.length) {
      parts.push({ sequence, tokens: [sequence.newest], wanted: true });
      continue;
    }
    const tokens = prompt.slice(cache.length, cache.length + CHUNK);
    full ||= rows > 0 && rows + tokens.length > limit;
    if (full) continue;
    rows += tokens.length;
    parts.push({ sequence, tokens, wanted: cache.length + tokens.length === prompt.length });
  }
  return parts;
}

/** Feeds tokens and samples the next one of every part that wants it. */
function runStep(
  model: LanguageModel,
  parts: readonly FeedPart[],
  lora: readonly LoraSamples[],
): { readonly ended: ReadonlySet<number>; readonly events: TokenEvent[] } {
  const ended = new Set<number>();
  if (parts.length === 0) return { ended, events: [] };
  const logits = feedRows(model, parts, lora);
  if (logits === null) return { ended, events: [] };
  const sequences = parts.filter(({ wanted }) => wanted).map(({ sequence }) => sequence);
  const samples = sampleRows(logits, sequences);
  logits.dispose();
  const events = sequences.map((sequence, row): TokenEvent => {
    const request = sequence.index;
    const sample = samples[row] as Settled<TokenSample>;
    const finishReason = sample.ok ? advance(sequence, sample.value.token, model.config) : undefined;
    if (!sample.ok || finishReason !== undefined) {
      ended.add(request);
      sequence.cache.dispose();
    }
    if (!sample.ok) return { request, failure: sample.failure };
    return { request, ...sample.value, ...(finishReason === undefined ? {} : { finishReason }) };
  });
  return { ended, events };
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
