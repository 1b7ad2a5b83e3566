import { normalizeAnswer } from "./normalize-answer.ts";

/**
 * 1 when the normalised answers are equal, else 0.
 *
 * Source: SQuAD 1.1 (Rajpurkar et al. 2016).
 *
 * @example
 * ```ts
 * console.assert(exactMatch("The Beatles!", "beatles") === 1 && exactMatch("Norway", "no") === 0);
 * ```
 */
export function exactMatch(prediction: string, expected: string): number {
  return normalizeAnswer(prediction) === normalizeAnswer(expected) ? 1 : 0;
}

/**
 * Exact match as the authors of HAPS released it: {@link exactMatch}, except for an expected `yes` or `no`.
 *
 * There the expected word only has to occur within the first three characters of the normalised prediction, so that
 * `Norway` counts as `no`. For parity with published numbers only; use {@link exactMatch} otherwise.
 *
 * @example
 * ```ts
 * console.assert(releasedExactMatch("Norway", "no") === 1);
 * ```
 */
export function releasedExactMatch(prediction: string, expected: string): number {
  const expectedText = normalizeAnswer(expected);
  if (expectedText !== "yes" && expectedText !== "no") return exactMatch(prediction, expected);
  return normalizeAnswer(prediction).slice(0, 3).includes(expectedText) ? 1 : 0;
}
