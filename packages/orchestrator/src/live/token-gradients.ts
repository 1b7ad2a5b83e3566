import {
  type Abortable,
  type CallRecord,
  type CandidateId,
  type GradientEngine,
  type GradientItem,
  HapsError,
  type LoraWeights,
} from "@haps/spec";
import type { ResolvedJointTrainerConfig } from "./joint-trainer-config.ts";
import type { WeighedEpisode } from "./weigh-episodes.ts";

/** What {@link tokenGradients} reads. */
export interface TokenGradientsOptions extends Abortable {
  readonly engines: ReadonlyMap<CandidateId, GradientEngine>;
  readonly episodes: readonly WeighedEpisode[];
  readonly config: Pick<ResolvedJointTrainerConfig, "decoding" | "likelihood" | "tokenReduction">;
  /** What the sum over episodes is divided by. */
  readonly divisor: number;
}

/** Gradients of the weighted log-likelihoods with respect to LoRA factors. */
export interface TokenGradients {
  /** One gradient per call, and the question that the call belongs to. */
  readonly slopes: ReadonlyMap<CandidateId, { readonly gradients: readonly LoraWeights[]; readonly places: number[] }>;
  /** `Σ weight · log P(tokens)`, what was differentiated. */
  readonly loss: number;
  /** Tokens that were differentiated. */
  readonly tokens: number;
}

/** A term of the sum with the question it belongs to. */
interface PlacedItem {
  readonly item: GradientItem;
  readonly place: number;
}

/**
 * First stage of a gradient through engines: each differentiates `Σ -A/n · log P(tokens)` by the weights that it was given.
 *
 * Episodes without an advantage are not asked about, nor are calls that took no weights.
 */
export async function tokenGradients(options: TokenGradientsOptions): Promise<TokenGradients> {
  const items = new Map<CandidateId, PlacedItem[]>();
  for (const episode of options.episodes) {
    if (episode.tokenAdvantage === 0) continue;
    for (const placed of itemsOf(episode, options)) {
      const { candidate } = placed.item.call;
      const own = items.get(candidate) ?? [];
      items.set(candidate, own);
      own.push(placed);
    }
  }
  const slopes = new Map<CandidateId, { readonly gradients: readonly LoraWeights[]; readonly places: number[] }>();
  let loss = 0;
  let tokens = 0;
  // In turn: engines of one process share its cores, and sums keep their order.
  for (const [candidate, own] of [...items].sort(([left], [right]) => (left < right ? -1 : 1))) {
    const engine = options.engines.get(candidate);
    if (engine === undefined) throw noEngine(candidate, options.engines);
    const { signal } = options;
    const asked = own.map(({ item }) => item);
    const { gradients, logLikelihoods } = await engine.loraGradient(asked, signal === undefined ? {} : { signal });
    slopes.set(candidate, { gradients, places: own.map(({ place }) => place) });
    asked.forEach(({ weight, call }, index) => {
      loss += weight * (logLikelihoods[index] as number);
      tokens += call.tokens.length;
    });
  }
  return { slopes, loss, tokens };
}

function itemsOf(episode: WeighedEpisode, { config, divisor }: TokenGradientsOptions): readonly PlacedItem[] {
  const { decision, tokenAdvantage } = episode;
  if (decision.lora.size === 0) return [];
  const calls = recordedCalls(episode).flatMap((call) => {
    const lora = decision.lora.get(call.candidate);
    return lora === undefined || call.tokens.length === 0 ? [] : [{ call, lora }];
  });
  const tokens = calls.reduce((sum, { call }) => sum + call.tokens.length, 0);
  const weight = -tokenAdvantage / divisor / (config.tokenReduction === "sum" ? 1 : tokens);
  const { maxTokens: _, stop: __, ...decoding } = config.decoding;
  const likelihood = config.likelihood === "sampled" ? { likelihood: config.likelihood, decoding } : {};
  return calls.map(({ call, lora }) => ({ item: { call, lora, weight, ...likelihood }, place: decision.place }));
}

function recordedCalls({ calls, decision }: WeighedEpisode): readonly CallRecord[] {
  if (calls !== undefined) return calls;
  throw new HapsError(
    "state",
    `tokenGradients: the environment recorded no calls of question ${decision.place}; expected the tokens of all calls; let it record calls`,
    { place: decision.place },
  );
}

function noEngine(candidate: CandidateId, engines: ReadonlyMap<CandidateId, unknown>): HapsError {
  const known = [...engines.keys()];
  return new HapsError(
    "unknown-candidate",
    `tokenGradients: no engine differentiates "${candidate}"; there are ${known.join(", ") || "none"}; give one for each candidate that takes weights`,
    { candidate, known },
  );
}
