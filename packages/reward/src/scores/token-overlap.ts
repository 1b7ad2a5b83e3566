import { normalizeAnswer } from "./normalize-answer.ts";

/** Token overlap of a prediction with an expected answer; every number is in `[0, 1]`. */
export interface TokenOverlap {
  readonly f1: number;
  readonly precision: number;
  readonly recall: number;
}

const NO_OVERLAP: TokenOverlap = { f1: 0, precision: 0, recall: 0 };
/** Answers that are wholly right or wholly wrong. */
const ALL_OR_NOTHING: ReadonlySet<string> = new Set(["yes", "no", "noanswer"]);

/**
 * Precision, recall and F1 of the bags of normalised tokens.
 *
 * `precision = common / predicted`, `recall = common / expected`, `f1 = 2 precision recall / (precision + recall)`;
 * all are 0 without a common token, and when either side is `yes`, `no` or `noanswer` and the two differ.
 *
 * Source: HotpotQA's official scoring (Yang et al. 2018).
 *
 * @example
 * ```ts
 * console.assert(tokenOverlap("Barack Obama", "Obama").f1 === 2 / 3);
 * ```
 */
export function tokenOverlap(prediction: string, expected: string): TokenOverlap {
  const predictedText = normalizeAnswer(prediction);
  const expectedText = normalizeAnswer(expected);
  const strict = ALL_OR_NOTHING.has(predictedText) || ALL_OR_NOTHING.has(expectedText);
  if (strict && predictedText !== expectedText) return NO_OVERLAP;
  const predictedTokens = tokens(predictedText);
  const expectedTokens = tokens(expectedText);
  const common = commonTokens(predictedTokens, expectedTokens);
  if (common === 0) return NO_OVERLAP;
  const precision = common / predictedTokens.length;
  const recall = common / expectedTokens.length;
  return { f1: (2 * precision * recall) / (precision + recall), precision, recall };
}

function tokens(text: string): readonly string[] {
  return text === "" ? [] : text.split(" ");
}

/** Size of the intersection of two bags. */
function commonTokens(first: readonly string[], second: readonly string[]): number {
  const left = new Map<string, number>();
  for (const token of first) left.set(token, (left.get(token) ?? 0) + 1);
  let common = 0;
  for (const token of second) {
    const count = left.get(token) ?? 0;
    if (count === 0) continue;
    left.set(token, count - 1);
    common += 1;
  }
  return common;
}
