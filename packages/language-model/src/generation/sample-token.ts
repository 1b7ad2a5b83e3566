import type { LogProbKind } from "@haps/spec";
import type { Rng } from "@haps/tensor";
import { keepTokens, type TokenFilter } from "./token-distribution.ts";

/** A token that was drawn. */
export interface TokenSample {
  readonly token: number;
  /** Natural logarithms; see `LogProbKind`. */
  readonly logProbs: Readonly<Record<LogProbKind, number>>;
}

/**
 * Draws the next token from what the decoding keeps; see `tokenDistribution`.
 *
 * @param logits - `[vocabulary]`, borrowed.
 * @param rng - Gives one number, or none at temperature 0.
 * @throws As `tokenDistribution`.
 *
 * @example
 * ```ts
 * const greedy = resolveDecoding({ maxTokens: 1 });
 * console.assert(sampleToken(Float32Array.of(1, 3, 3), greedy, createRng(1)).token === 1);
 * ```
 */
export function sampleToken(logits: Float32Array, decoding: TokenFilter, rng: Rng): TokenSample {
  const { tokens, weights, total, logProbs } = keepTokens(logits, decoding);
  const token = decoding.temperature === 0 ? (tokens[0] as number) : draw(tokens, weights, total * rng.uniform());
  return { token, logProbs: logProbs(token) };
}

/** Weights begin at 1 for the likeliest, so that in float64 a share of the total below 1 stays below the total. */
function draw(tokens: Int32Array, weights: Float64Array, threshold: number): number {
  let cumulated = 0;
  for (const token of tokens) {
    cumulated += weights[token] as number;
    if (threshold < cumulated) return token;
  }
  throw new Error("internal: a random number was not below 1");
}
