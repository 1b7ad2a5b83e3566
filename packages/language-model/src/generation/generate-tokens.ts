import type { CallFailure, FinishReason, LogProbKind, Settled } from "@haps/spec";
import type { LanguageModel } from "../model/language-model.ts";
import { type DecodeTokensOptions, decodeTokens } from "./decode-tokens.ts";
import type { TokenEvent, TokenGeneration, TokenRequest } from "./token-request.ts";

/** Options of {@link generateTokens}. */
export interface GenerateTokensOptions extends DecodeTokensOptions {
  /** Sees the events of each step as they come. */
  readonly onStep?: (events: readonly TokenEvent[]) => void;
}

/**
 * Continues a batch of sequences to their ends.
 *
 * @returns One entry per request, in order; one that fails does not sink the others. Everything else as in {@link decodeTokens}.
 * @throws HapsError code `aborted` when the signal fires.
 *
 * @example
 * ```ts
 * const shape = { family: "llama", vocabulary: 16, dim: 8, layers: 1, heads: 2, hidden: 8, context: 32 } as const;
 * const model = createLanguageModel({ ...shape, rng: createRng(1) });
 * const decoding = { maxTokens: 3, temperature: 1 };
 * const [first, second] = await generateTokens(model, [
 *   { prompt: [1, 2], decoding, seed: 1 },
 *   { prompt: [], decoding, seed: 2 },
 * ]);
 * console.assert(first?.ok === true && first.value.tokens.length === 3 && first.value.finishReason === "length");
 * console.assert(second?.ok === false && second.failure.code === "data");
 * model.dispose();
 * ```
 */
export async function generateTokens(
  model: LanguageModel,
  requests: readonly TokenRequest[],
  options: GenerateTokensOptions = {},
): Promise<readonly Settled<TokenGeneration>[]> {
  const drafts = requests.map((): Draft => ({ tokens: [], logProbs: { full: [], sampled: [] } }));
  for await (const events of decodeTokens(model, requests, options)) {
    for (const event of events) addEvent(drafts[event.request] as Draft, event);
    options.onStep?.(events);
  }
  return drafts.map(settle);
}

interface Draft {
  readonly tokens: number[];
  readonly logProbs: Record<LogProbKind, number[]>;
  finishReason?: FinishReason;
  failure?: CallFailure;
}

function addEvent(draft: Draft, event: TokenEvent): void {
  if ("failure" in event) {
    draft.failure = event.failure;
    return;
  }
  draft.tokens.push(event.token);
  draft.logProbs.full.push(event.logProbs.full);
  draft.logProbs.sampled.push(event.logProbs.sampled);
  if (event.finishReason !== undefined) draft.finishReason = event.finishReason;
}

/** Every request has ended, one way or the other. */
function settle({ tokens, logProbs, finishReason, failure }: Draft): Settled<TokenGeneration> {
  if (failure !== undefined) return { ok: false, failure };
  return { ok: true, value: { tokens, logProbs, finishReason: finishReason as FinishReason } };
}
