/** ASCII punctuation, removed without leaving a space: `U.S.` becomes `us`. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g;
/** An article standing alone between characters that are neither letters, numbers nor underscores of any script. */
const ARTICLE = /(?<![\p{L}\p{N}_])(?:an|a|the)(?![\p{L}\p{N}_])/gu;
/** White space in the sense of Unicode and of Python, which differs from `\s` in the separators 1C to 1F, 85 and FEFF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the information separators count as white space here.
const WHITE_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;

/**
 * Brings an answer into the form that token scores compare.
 *
 * Lower case, then no ASCII punctuation, then no English articles, then single spaces and none at the ends.
 *
 * Source: the answer normalisation of SQuAD 1.1 (Rajpurkar et al. 2016), which HotpotQA (Yang et al. 2018) took over.
 *
 * @example
 * ```ts
 * console.assert(normalizeAnswer("  The U.S. Army! ") === "us army");
 * ```
 */
export function normalizeAnswer(answer: string): string {
  return answer
    .toLowerCase()
    .replace(PUNCTUATION, "")
    .replace(ARTICLE, " ")
    .replace(WHITE_SPACE, " ")
    .replace(/^ | $/g, "");
}
