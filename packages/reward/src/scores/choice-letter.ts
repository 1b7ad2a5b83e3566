/** Words that announce an answer: `Answer: B`, `the answer is (C)`. */
const ANNOUNCED = /(?:answer|choice|option)(?:\s+is)?\s*[:=]?\s*\*{0,2}[([]?([a-z])(?![\p{L}\p{N}_'])(?=(.?))/giu;
/** A letter at the start, closed by a mark or by the end: `B`, `(B)`, `B.`, `b) Paris`. */
const LEADING = /^[\s*]*[([]?([a-z])(?:[)\].:*]|\s*$)/i;

/**
 * The letter of a multiple-choice answer, upper case, or `null` when there is none.
 *
 * The last announced letter (`Answer: B`) wins over a leading one (`B) Paris`). A lower-case announced letter counts
 * only when a mark or the end follows, so that `the answer is a cat` has no letter.
 *
 * @example
 * ```ts
 * console.assert(choiceLetter("I think the answer is (c).") === "C");
 * ```
 */
export function choiceLetter(text: string): string | null {
  const announced = [...text.matchAll(ANNOUNCED)]
    .filter(([, letter = "", next = ""]) => letter !== letter.toLowerCase() || next !== " ")
    .at(-1)?.[1];
  const letter = announced ?? LEADING.exec(text)?.[1];
  return letter === undefined ? null : letter.toUpperCase();
}
