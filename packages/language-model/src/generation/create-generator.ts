import {
  type Abortable,
  type Generation,
  type GenerationCall,
  type GenerationChunk,
  HapsError,
  type LogProbKind,
  type Settled,
} from "@haps/spec";
import type { LanguageModel } from "../model/language-model.ts";
import type { TextTokenizer } from "../tokenizer/text-tokenizer.ts";
import { callFailureOf } from "./call-failure.ts";
import { type DecodeTokensOptions, decodeTokens } from "./decode-tokens.ts";
import { promptTokens } from "./prompt-tokens.ts";
import { createReplyReader, type ReplyReader } from "./reply-reader.ts";
import { resolveDecoding } from "./resolve-decoding.ts";
import type { SampledToken, TokenEvent, TokenRequest } from "./token-request.ts";

/** Generates text with one model; what an engine offers, without its bookkeeping. */
export interface TextGenerator {
  /**
   * Runs calls as one batch, each with its own settings, seed and LoRA weights, independent of the others.
   *
   * @returns One entry per call, in order; one failure does not sink the batch.
   * @throws HapsError code `aborted` when the signal fires.
   */
  generate(calls: readonly GenerationCall[], options?: Abortable): Promise<readonly Settled<Generation>[]>;
  /**
   * Runs one call and hands out its text as it comes; ending the iteration early stops the work.
   *
   * @throws What `generate` would report as the failure of the call, and code `aborted` when the signal fires.
   */
  stream(call: GenerationCall, options?: Abortable): AsyncIterable<GenerationChunk>;
}

/** What {@link createGenerator} needs. */
export interface GeneratorOptions extends Pick<DecodeTokensOptions, "prefillRows" | "maxBatch"> {
  /** Borrowed; keep it until the generations have ended. */
  readonly model: LanguageModel;
  /** Absent: prompts are tokens, texts stay empty and stop texts are refused. */
  readonly tokenizer?: TextTokenizer;
}

/**
 * Joins a model and its tokenizer to what answers calls.
 *
 * A generation ends at any of the model's end tokens, after the first stop text, at `maxTokens`, or where the context is full. The token
 * that completes a stop text is among the tokens; text is cut before it.
 *
 * @example
 * ```ts
 * const shape = { family: "llama", vocabulary: 16, dim: 8, layers: 1, heads: 2, hidden: 8, context: 32 } as const;
 * const model = createLanguageModel({ ...shape, rng: createRng(1) });
 * const generator = createGenerator({ model });
 * const call = { prompt: { tokens: [1, 2] }, decoding: { maxTokens: 3 }, seed: 1 };
 * const [settled] = await generator.generate([call]);
 * console.assert(settled?.ok === true && settled.value.tokens.length === 3);
 * for await (const { tokens, generation } of generator.stream(call)) {
 *   console.assert(tokens.length === 1 && (generation === undefined || generation.finishReason === "length"));
 * }
 * model.dispose();
 * ```
 */
export function createGenerator({ model, tokenizer, ...rest }: GeneratorOptions): TextGenerator {
  return {
    async generate(calls, options = {}) {
      const settled: Settled<Generation>[] = [];
      const drafts: Draft[] = [];
      calls.forEach((call, index) => {
        try {
          drafts.push(openDraft(call, index, tokenizer));
        } catch (error) {
          settled[index] = { ok: false, failure: callFailureOf(error) };
        }
      });
      for await (const events of decodeTokens(model, drafts.map(requestOf), { ...rest, ...options })) {
        for (const event of events) {
          const draft = drafts[event.request] as Draft;
          const end = endOf(draft, event);
          if (end !== undefined) settled[draft.index] = end;
        }
      }
      return settled;
    },
    async *stream(call, options = {}) {
      const draft = openDraft(call, 0, tokenizer);
      let sent = 0;
      for await (const [event] of decodeTokens(model, [requestOf(draft)], { ...rest, ...options })) {
        const end = endOf(draft, event as TokenEvent);
        if (end?.ok === false) throw end.failure.error;
        const text = draft.reader.text.slice(sent);
        sent += text.length;
        const tokens = [(event as SampledToken).token];
        yield { text, tokens, ...(end === undefined ? {} : { generation: end.value }) };
      }
    },
  };
}

/** A call under way. */
interface Draft {
  /** Among the calls. */
  readonly index: number;
  readonly call: GenerationCall;
  readonly prompt: readonly number[];
  readonly reader: ReplyReader;
  readonly tokens: number[];
  readonly logProbs: Record<LogProbKind, number[]>;
}

function openDraft(call: GenerationCall, index: number, tokenizer: TextTokenizer | undefined): Draft {
  const { stop } = resolveDecoding(call.decoding);
  if (stop.length > 0 && tokenizer === undefined) {
    throw new HapsError(
      "config",
      "generation: stop texts were given and there is no tokenizer; give the generator one, or leave them out",
      { stop },
    );
  }
  return {
    index,
    call,
    prompt: promptTokens(call.prompt, tokenizer),
    reader: createReplyReader(tokenizer, stop),
    tokens: [],
    logProbs: { full: [], sampled: [] },
  };
}

function requestOf({ call, prompt, reader }: Draft): TokenRequest {
  const { decoding, seed, lora } = call;
  const stopsAfter = (token: number): boolean => reader.push(token);
  return { prompt, decoding, seed, stopsAfter, ...(lora === undefined ? {} : { lora }) };
}

/** Takes an event in; what came of the call when it was the last. */
function endOf(draft: Draft, event: TokenEvent): Settled<Generation> | undefined {
  if ("failure" in event) return { ok: false, failure: event.failure };
  const { prompt, reader, tokens, logProbs } = draft;
  tokens.push(event.token);
  logProbs.full.push(event.logProbs.full);
  logProbs.sampled.push(event.logProbs.sampled);
  if (event.finishReason === undefined) return undefined;
  reader.finish();
  return {
    ok: true,
    value: { text: reader.text, promptTokens: prompt, tokens, logProbs, finishReason: event.finishReason },
  };
}
