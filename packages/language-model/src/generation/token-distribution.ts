import { HapsError, type LogProbKind, ShapeError } from "@haps/spec";
import { logitPeak } from "@haps/tensor";
import type { ResolvedDecoding } from "./resolve-decoding.ts";

/** The part of a decoding that shapes the distribution of the next token. */
export type TokenFilter = Pick<ResolvedDecoding, "temperature" | "topK" | "topP" | "nucleus">;

/** What may come next. */
export interface TokenDistribution {
  /** Ids of the tokens that are kept, ascending. */
  readonly tokens: Int32Array;
  /** Natural logarithms, one per kept token; see `LogProbKind`. Under `sampled` the probabilities sum to 1. */
  readonly logProbs: Readonly<Record<LogProbKind, Float64Array>>;
}

/**
 * The distribution of the next token before and after temperature, top-k and nucleus, in this order, as in Hugging Face transformers.
 *
 * `full = log softmax(logits)`, over the whole vocabulary at temperature 1. `sampled = log softmax(logits / temperature)` over what is
 * kept: the `topK` likeliest, and of these the nucleus. In order of probability, `standard` keeps a token while those before it have
 * less than `topP` of the mass, `released` while those up to and with it have at most `topP`, but at least one token. At temperature 0
 * the likeliest token has it all. Of equals the lower id counts as likelier. Float64, except that
 * at temperature 0 `full` is within 1e-6 for logits in the heap of the wasm backend; linear in the vocabulary, nothing is sorted.
 *
 * @param logits - `[vocabulary]`, borrowed. `-Infinity` rules a token out.
 * @throws HapsError code `non-finite` naming the place of a NaN or `Infinity`, or when every token is ruled out; `shape` for no logits.
 *
 * Source: Holtzman et al., The Curious Case of Neural Text Degeneration (2020), section 3.1. Deviation: transformers keeps all tokens
 * that equal the k-th, here there are never more than k, so that `topK` 1 is greedy.
 *
 * @example
 * ```ts
 * const logits = Float32Array.from([0.5, 0.05, 0.45], Math.log);
 * const decoding = resolveDecoding({ maxTokens: 1, temperature: 1, topP: 0.9 });
 * console.assert(tokenDistribution(logits, decoding).tokens.join() === "0,2");
 * console.assert(tokenDistribution(logits, { ...decoding, nucleus: "released" }).tokens.join() === "0");
 * ```
 */
export function tokenDistribution(logits: Float32Array, decoding: TokenFilter): TokenDistribution {
  const { tokens, logProbs } = keepTokens(logits, decoding);
  const pairs = Array.from(tokens, logProbs);
  return {
    tokens,
    logProbs: {
      full: Float64Array.from(pairs, ({ full }) => full),
      sampled: Float64Array.from(pairs, ({ sampled }) => sampled),
    },
  };
}

/** What a decoding leaves of the vocabulary. */
export interface KeptTokens {
  /** Ids, ascending. */
  readonly tokens: Int32Array;
  /** In proportion to the probabilities; by id, not by place among the kept. None at temperature 0. */
  readonly weights: Float64Array;
  /** Sum of the weights of the kept tokens. */
  readonly total: number;
  /** Of a kept token. */
  readonly logProbs: (token: number) => Record<LogProbKind, number>;
}

/** Applies a decoding to logits; see {@link tokenDistribution}. */
export function keepTokens(logits: Float32Array, decoding: TokenFilter): KeptTokens {
  const { temperature, topK, topP, nucleus } = decoding;
  if (temperature === 0) return keepBest(logits);
  const best = likeliestToken(logits);
  const max = logits[best] as number;
  const probabilities = exponentials(logits, max, 1);
  const fullLogSum = Math.log(sumOver(probabilities));
  let tokens = possibleTokens(logits);
  if (topK !== undefined && topK < tokens.length) tokens = keepLikeliest(tokens, logits, (before) => before < topK);
  const weights = temperature === 1 ? probabilities : exponentials(logits, max, temperature, tokens);
  if (topP < 1) {
    const mass = sumOver(weights, tokens);
    const limit = topP * mass;
    const keeps =
      nucleus === "standard"
        ? (before: number) => before < limit
        : (before: number, weight: number) => before + weight <= limit;
    // All that are this unlikely have half of the rest at most, and so come behind the nucleus: most of the vocabulary.
    const least = (0.5 * (1 - topP) * mass) / tokens.length;
    const likely = tokensThat(tokens, (token) => (weights[token] as number) > least);
    const kept = keepLikeliest(likely, logits, keeps, weights);
    tokens = kept.length === 0 ? Int32Array.of(best) : kept;
  }
  const total = sumOver(weights, tokens);
  const sampledLogSum = Math.log(total);
  return {
    tokens,
    weights,
    total,
    logProbs: (token) => {
      const score = (logits[token] as number) - max;
      return { full: score - fullLogSum, sampled: score / temperature - sampledLogSum };
    },
  };
}

/** The likeliest token alone; weights are not needed for it. */
function keepBest(logits: Float32Array): KeptTokens {
  const { place, highest, logSum } = logitPeak(logits);
  const best = Number.isFinite(highest) ? place : likeliestToken(logits);
  const logProbs = (token: number) => ({ full: (logits[token] as number) - highest - logSum, sampled: 0 });
  return { tokens: Int32Array.of(best), weights: new Float64Array(0), total: 1, logProbs };
}

/** The first of the largest logits; says which one is no number. */
function likeliestToken(logits: Float32Array): number {
  const operation = "tokenDistribution";
  if (logits.length === 0) throw new ShapeError(operation, "logits", "[vocabulary], at least 1", [0]);
  let best = 0;
  for (let token = 0; token < logits.length; token += 1) {
    const logit = logits[token] as number;
    // False for NaN too.
    if (!(logit < Number.POSITIVE_INFINITY)) {
      throw new HapsError(
        "non-finite",
        `${operation}: the logit of token ${token} is ${logit}; look for NaN or overflow in the model's weights or in the LoRA weights`,
        { token, logit },
      );
    }
    if (logit > (logits[best] as number)) best = token;
  }
  if (logits[best] === Number.NEGATIVE_INFINITY) {
    throw new HapsError(
      "non-finite",
      `${operation}: the logits of all ${logits.length} tokens are -Infinity, from token 0 on; leave at least one token possible`,
      { token: 0, logit: Number.NEGATIVE_INFINITY },
    );
  }
  return best;
}

/** `exp((logit - max) / temperature)` by id; 0 for tokens that are not among `tokens`. */
function exponentials(logits: Float32Array, max: number, temperature: number, tokens?: Int32Array): Float64Array {
  const result = new Float64Array(logits.length);
  const count = tokens?.length ?? logits.length;
  for (let index = 0; index < count; index += 1) {
    const token = tokens === undefined ? index : (tokens[index] as number);
    result[token] = Math.exp(((logits[token] as number) - max) / temperature);
  }
  return result;
}

function sumOver(weights: Float64Array, tokens?: Int32Array): number {
  const count = tokens?.length ?? weights.length;
  let sum = 0;
  for (let index = 0; index < count; index += 1) {
    sum += weights[tokens === undefined ? index : (tokens[index] as number)] as number;
  }
  return sum;
}

function possibleTokens(logits: Float32Array): Int32Array {
  const tokens = new Int32Array(logits.length);
  let count = 0;
  for (let token = 0; token < logits.length; token += 1) {
    if (logits[token] === Number.NEGATIVE_INFINITY) continue;
    tokens[count] = token;
    count += 1;
  }
  return tokens.subarray(0, count);
}

/** As `tokens.filter(test)`, which took as long as all the exponentials. */
function tokensThat(tokens: Int32Array, test: (token: number) => boolean): Int32Array {
  const kept = new Int32Array(tokens.length);
  let count = 0;
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index] as number;
    if (!test(token)) continue;
    kept[count] = token;
    count += 1;
  }
  return kept.subarray(0, count);
}

/**
 * The likeliest of `tokens` as long as `keeps` holds, which must not come true again once it is false; ascending like `tokens`.
 *
 * Quickselect (Hoare 1961) by weight: only the half in which the border lies is looked at again.
 *
 * @param keeps - Gets the weight of all likelier tokens and the token's own.
 * @param weights - By id. Default: 1 each.
 */
function keepLikeliest(
  tokens: Int32Array,
  logits: Float32Array,
  keeps: (before: number, weight: number) => boolean,
  weights?: Float64Array,
): Int32Array {
  const isLikelier = (one: number, other: number): boolean => {
    const gap = (logits[one] as number) - (logits[other] as number);
    return gap > 0 || (gap === 0 && one < other);
  };
  const weightOf = (token: number): number => (weights === undefined ? 1 : (weights[token] as number));
  const order = tokens.slice();
  const swap = (one: number, other: number): void => {
    const held = order[one] as number;
    order[one] = order[other] as number;
    order[other] = held;
  };
  let low = 0;
  let high = order.length;
  let before = 0;
  let last = -1;
  while (low < high) {
    const pivot = medianOf(
      order[low] as number,
      order[(low + high) >> 1] as number,
      order[high - 1] as number,
      isLikelier,
    );
    let end = low;
    let mass = before;
    for (let index = low; index < high; index += 1) {
      const token = order[index] as number;
      if (!isLikelier(token, pivot)) continue;
      mass += weightOf(token);
      swap(index, end);
      end += 1;
    }
    if (keeps(mass, weightOf(pivot))) {
      last = pivot;
      before = mass + weightOf(pivot);
      swap(order.indexOf(pivot, end), end);
      low = end + 1;
    } else {
      high = end;
    }
  }
  return last < 0 ? new Int32Array(0) : tokensThat(tokens, (token) => token === last || isLikelier(token, last));
}

function medianOf(
  first: number,
  second: number,
  third: number,
  isLikelier: (one: number, other: number) => boolean,
): number {
  const lead = isLikelier(first, second) ? first : second;
  const other = lead === first ? second : first;
  if (isLikelier(third, lead)) return lead;
  return isLikelier(other, third) ? other : third;
}
