import { type FinishReason, HapsError } from "@haps/spec";
import { createRng, type Rng } from "@haps/tensor";
import { checkLora } from "../decoder/check-lora.ts";
import { createKeyValueCache, type KeyValueCache } from "../decoder/key-value-cache.ts";
import type { LanguageModel } from "../model/language-model.ts";
import type { ModelConfig } from "../model/model-config.ts";
import { type ResolvedDecoding, resolveDecoding } from "./resolve-decoding.ts";
import type { TokenRequest } from "./token-request.ts";

/** A request that has been checked. */
export interface PreparedRequest {
  /** Among the requests. */
  readonly index: number;
  readonly prompt: readonly number[];
  readonly decoding: ResolvedDecoding;
  readonly rng: Rng;
  /** Most tokens to generate: what was asked for, or what the context has room for. */
  readonly limit: number;
  readonly stopsAfter?: (token: number) => boolean;
}

/** A request under way. */
export interface Sequence extends PreparedRequest {
  readonly cache: KeyValueCache;
  generated: number;
  /** The newest token, whose keys and values are not in the cache yet. */
  newest: number;
}

/** Rows that a cache has room for beyond its prompt at first. */
const ROOM = 64;

/**
 * Checks a request.
 *
 * @throws HapsError of the kinds that `decodeTokens` lists.
 */
export function prepareRequest(model: LanguageModel, request: TokenRequest, index: number): PreparedRequest {
  const { config } = model;
  checkPrompt(request.prompt, config);
  const decoding = resolveDecoding(request.decoding);
  if (decoding.stop.length > 0 && request.stopsAfter === undefined) {
    throw new HapsError(
      "config",
      "generation: stop texts were given, but tokens alone have no text; give stopsAfter, or generate through a tokenizer",
      { stop: decoding.stop },
    );
  }
  if (request.lora !== undefined) checkLora(request.lora, config);
  return {
    index,
    prompt: request.prompt,
    decoding,
    rng: createRng(request.seed),
    limit: Math.min(decoding.maxTokens, config.context - request.prompt.length),
    ...(request.stopsAfter === undefined ? {} : { stopsAfter: request.stopsAfter }),
  };
}

/** Makes room for keys and values; whoever asked for it disposes the cache. */
export function openSequence({ config }: LanguageModel, prepared: PreparedRequest): Sequence {
  const room = prepared.prompt.length + Math.min(prepared.limit, ROOM);
  return { ...prepared, cache: createKeyValueCache(config, room, { native: true }), generated: 0, newest: -1 };
}

/** Takes a sampled token in and says whether it is the last one. */
export function advance(sequence: Sequence, token: number, config: ModelConfig): FinishReason | undefined {
  sequence.newest = token;
  sequence.generated += 1;
  if (config.endTokens.includes(token)) return "eos";
  if (sequence.stopsAfter?.(token) === true) return "stop";
  return sequence.generated >= sequence.limit ? "length" : undefined;
}

function checkPrompt(prompt: readonly number[], { context, vocabulary }: ModelConfig): void {
  if (prompt.length === 0) {
    throw new HapsError("data", "generation: the prompt has no tokens; begin it with the model's begin token");
  }
  if (prompt.length >= context) {
    throw new HapsError(
      "data",
      `generation: the prompt has ${prompt.length} tokens and the model's context is ${context}; shorten the prompt by ${prompt.length - context + 1} or more`,
      { tokens: prompt.length, context },
    );
  }
  const position = prompt.findIndex((token) => !Number.isInteger(token) || token < 0 || token >= vocabulary);
  if (position < 0) return;
  throw new HapsError(
    "data",
    `generation: token ${prompt[position]} at position ${position} of the prompt is outside the vocabulary of ${vocabulary}; use the model's tokenizer`,
    { token: prompt[position], position, vocabulary },
  );
}
