/** Words that announce a letter: `Answer: B`, `the answer is (C)`, `option D`. */
const ANNOUNCED =
  /\b(answer|choice|option)\b(?:\s+is\b)?[\s*]*(?:[:=][\s*]*)?[([]?([a-z])(?![\p{L}\p{N}_'])(?=(.?))/giu;
/** A letter at the start, closed by a mark or by the end: `B`, `(B)`, `B.`, `b) Paris`. */
const LEADING = /^[\s*]*[([]?([a-z])(?:[)\].:*]|\s*$)/i;

/**
 * The letter of a multiple-choice answer, upper case, or `null` when there is none.
 *
 * The last letter announced as the answer (`Answer: B`) wins over a leading one (`B) Paris`), and that over the last one
 * named as a choice or an option, which an explanation may do with a wrong one. A lower-case announced letter counts only
 * when a mark or the end follows, so that `the answer is a cat` has no letter.
 *
 * @example
 * ```ts
 * console.assert(choiceLetter("I think the answer is (c).") === "C");
 * ```
 */
export function choiceLetter(text: string): string | null {
  const announced = [...text.matchAll(ANNOUNCED)].filter(
    ([, , letter = "", next = ""]) => letter !== letter.toLowerCase() || next !== " ",
  );
  const last = (isAnswer: boolean): string | undefined =>
    announced.filter(([, word = ""]) => (word.toLowerCase() === "answer") === isAnswer).at(-1)?.[2];
  const letter = last(true) ?? LEADING.exec(text)?.[1] ?? last(false);
  return letter === undefined ? null : letter.toUpperCase();
}
