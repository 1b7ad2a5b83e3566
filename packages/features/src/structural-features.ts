import type { Question } from "@haps/spec";

/** Names of the structural features, in the order of {@link structuralFeatures}. */
export const STRUCTURAL_FEATURES = [
  "logCharacters",
  "logWords",
  "logLines",
  "charactersPerWord",
  "shareOfDigits",
  "shareOfCapitals",
  "shareOfPunctuation",
  "shareOfNonAscii",
  "logChoices",
  "logMarkup",
  "logOperators",
  "logCommas",
  "logSentenceEnds",
  "logQuestionMarks",
  "logBrackets",
  "logQuotes",
  "logNumbers",
  "startsWithCapital",
  "startsWithLowerCase",
  "startsWithQuestionWord",
  "endsWithQuestionMark",
  "endsWithStop",
  "endsWithWord",
  "shareOfDistinctWords",
  "logContextDocuments",
] as const;

const CHOICE_LINE = /^[ \t]*\(?[A-Ja-j1-9][:.)][ \t]/gm;
const QUESTION_WORD = /^[^\p{L}]*(?:what|who|whom|whose|when|where|which|why|how)\b/iu;
const LONGEST_WORD = 20;

const COMMA = 1;
const QUOTE = 2;
const OPERATOR = 3;
const BRACKET = 4;
const STOP = 5;
const OTHER_MARK = 6;
const MARKS = new Map<string, number>([
  [",", COMMA],
  ...[..."\"'`"].map((mark) => [mark, QUOTE] as const),
  ..."=+*/^<>-".split("").map((mark) => [mark, OPERATOR] as const),
  ..."_{}()[]".split("").map((mark) => [mark, BRACKET] as const),
  ...".!?".split("").map((mark) => [mark, STOP] as const),
  ...":;#$%&@\\|~".split("").map((mark) => [mark, OTHER_MARK] as const),
]);
/** Kind of each ASCII mark, 0 for what is none. */
const MARK_KINDS = Uint8Array.from({ length: 128 }, (_, code) => MARKS.get(String.fromCharCode(code)) ?? 0);

/**
 * Form of a question in numbers: length, layout, digits, marks, how it begins and ends; reads `text` and the number of
 * `context` documents.
 *
 * Counts are `ln(1 + count)`, shares are of the characters read, yes-or-no features are 0 or 1.
 *
 * @param maximumCharacters - UTF-16 units of the text that are read.
 * @returns `[STRUCTURAL_FEATURES.length]`, finite; the caller owns it.
 *
 * @example
 * ```ts
 * const values = structuralFeatures({ id: "1", text: "Why?" });
 * console.assert(values[STRUCTURAL_FEATURES.indexOf("endsWithQuestionMark")] === 1);
 * ```
 */
export function structuralFeatures(question: Question, maximumCharacters = Number.POSITIVE_INFINITY): Float64Array {
  const text = question.text.slice(0, maximumCharacters);
  const counts = countCharacters(text);
  const { words, distinct } = countWords(text);
  const length = Math.max(1, text.length);
  const trimmed = text.trim();
  const first = trimmed.slice(0, 1);
  const last = trimmed.slice(-1);
  return Float64Array.of(
    Math.log1p(text.length),
    Math.log1p(words),
    Math.log1p(counts.lines),
    Math.min(LONGEST_WORD, text.length / Math.max(1, words)),
    counts.digits / length,
    counts.capitals / length,
    counts.marks / length,
    counts.nonAscii / length,
    Math.log1p(text.match(CHOICE_LINE)?.length ?? 0),
    Math.log1p(counts.markup),
    Math.log1p(counts.kinds[OPERATOR] as number),
    Math.log1p(counts.kinds[COMMA] as number),
    Math.log1p(counts.sentenceEnds),
    Math.log1p(counts.questionMarks),
    Math.log1p(counts.kinds[BRACKET] as number),
    Math.log1p(counts.kinds[QUOTE] as number),
    Math.log1p(counts.numbers),
    Number(first !== first.toLowerCase()),
    Number(first !== first.toUpperCase()),
    Number(QUESTION_WORD.test(trimmed)),
    Number(last === "?"),
    Number(last === "."),
    Number(/[\p{L}\p{N}]/u.test(last)),
    distinct / Math.max(1, words),
    Math.log1p(question.context?.length ?? 0),
  );
}

interface CharacterCounts {
  readonly lines: number;
  readonly digits: number;
  readonly numbers: number;
  readonly capitals: number;
  readonly nonAscii: number;
  readonly marks: number;
  /** Dollar signs and backslashed names, as TeX has them. */
  readonly markup: number;
  readonly sentenceEnds: number;
  readonly questionMarks: number;
  readonly kinds: Int32Array;
}

function countCharacters(text: string): CharacterCounts {
  const kinds = new Int32Array(7);
  const counts = { lines: 1, digits: 0, numbers: 0, capitals: 0, nonAscii: 0, marks: 0, markup: 0 };
  let sentenceEnds = 0;
  let questionMarks = 0;
  let inNumber = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const digit = code >= 0x30 && code <= 0x39;
    if (digit) {
      counts.digits += 1;
      if (!inNumber) counts.numbers += 1;
    }
    inNumber = digit;
    if (digit || (code >= 0x61 && code <= 0x7a) || code === 0x20) continue;
    if (code === 0x0a) counts.lines += 1;
    else if (code >= 0x80) counts.nonAscii += 1;
    else if (code >= 0x41 && code <= 0x5a) counts.capitals += 1;
    const kind = code < 0x80 ? (MARK_KINDS[code] as number) : 0;
    if (kind === 0) continue;
    counts.marks += 1;
    kinds[kind] = (kinds[kind] as number) + 1;
    if (code === 0x3f) questionMarks += 1;
    if (kind === STOP && !(text.charCodeAt(at + 1) > 0x20)) sentenceEnds += 1;
    if (code === 0x24 || (code === 0x5c && isSmallLetter(text.charCodeAt(at + 1)))) counts.markup += 1;
  }
  return { ...counts, sentenceEnds, questionMarks, kinds };
}

function isSmallLetter(code: number): boolean {
  return code >= 0x61 && code <= 0x7a;
}

function countWords(text: string): { words: number; distinct: number } {
  const pieces = text.toLowerCase().match(/\S+/g) ?? [];
  return { words: pieces.length, distinct: new Set(pieces).size };
}
