import { STRUCTURAL_FEATURES, structuralFeatures } from "@haps/features";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

type Name = (typeof STRUCTURAL_FEATURES)[number];

function describeText(text: string, context?: readonly string[], maximumCharacters?: number): Record<Name, number> {
  const values = structuralFeatures(
    { id: "q", text, ...(context === undefined ? {} : { context }) },
    maximumCharacters,
  );
  return Object.fromEntries(STRUCTURAL_FEATURES.map((name, at) => [name, values[at]])) as Record<Name, number>;
}

describe("structuralFeatures", () => {
  it("counts what a reader counts", () => {
    // 51 characters, 13 words, 3 lines; digits 1, 9, 8, 4 and 2; numbers 1984 and 2.
    const text = 'Which "x" (in 1984) = $2, or both?\nA) yes!\nB) no é.';
    expect(text).toHaveLength(51);
    const features = describeText(text, ["one", "two"]);
    const expected: Record<Name, number> = {
      logCharacters: Math.log(52),
      logWords: Math.log(14),
      logLines: Math.log(4),
      charactersPerWord: 51 / 13,
      shareOfDigits: 5 / 51,
      shareOfCapitals: 3 / 51,
      shareOfPunctuation: 12 / 51,
      shareOfNonAscii: 1 / 51,
      logChoices: Math.log(3),
      logMarkup: Math.log(2),
      logOperators: Math.log(2),
      logCommas: Math.log(2),
      logSentenceEnds: Math.log(4),
      logQuestionMarks: Math.log(2),
      logBrackets: Math.log(5),
      logQuotes: Math.log(3),
      logNumbers: Math.log(3),
      startsWithCapital: 1,
      startsWithLowerCase: 0,
      startsWithQuestionWord: 1,
      endsWithQuestionMark: 0,
      endsWithStop: 1,
      endsWithWord: 0,
      shareOfDistinctWords: 1,
      logContextDocuments: Math.log(3),
    };
    for (const name of STRUCTURAL_FEATURES) expect(features[name], name).toBeCloseTo(expected[name], 12);
  });

  it.each<[string, Partial<Record<Name, number>>]>([
    ["how many?", { startsWithQuestionWord: 1, startsWithLowerCase: 1, endsWithQuestionMark: 1 }],
    ["  «Whose idea", { startsWithQuestionWord: 1, endsWithWord: 1, startsWithCapital: 0 }],
    ["However, no", { startsWithQuestionWord: 0 }],
    ["3.14 is not 3. 14", { logNumbers: Math.log(5), logSentenceEnds: Math.log(2) }],
    ["the the THE cat", { shareOfDistinctWords: 0.5 }],
    ["\\frac{1}{2} $x$", { logMarkup: Math.log(4), logBrackets: Math.log(5) }],
    ["(a) one\n  b. two\n3: three\n k) no", { logChoices: Math.log(4) }],
    ["x".repeat(300), { charactersPerWord: 20 }],
    ["12", { startsWithCapital: 0, startsWithLowerCase: 0, endsWithWord: 1 }],
  ])("knows the form of %j", (text, expected) => {
    const features = describeText(text);
    for (const [name, value] of Object.entries(expected)) expect(features[name as Name], name).toBeCloseTo(value, 12);
  });

  it("takes U+2028 and U+2029 for white space between words, not for lines", () => {
    const features = describeText("one\u2028two\u2029three");
    expect(features.logWords).toBeCloseTo(Math.log(4), 12);
    expect(features.logLines).toBeCloseTo(Math.log(2), 12);
  });

  it("is all about nothing for an empty text", () => {
    const features = describeText("");
    const { logLines, ...rest } = features;
    expect(logLines).toBeCloseTo(Math.log(2), 12);
    expect(Object.values(rest).every((value) => value === 0)).toBe(true);
  });

  it("reads no further than it may", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (start, rest) => {
        const whole = structuralFeatures({ id: "q", text: start + rest }, start.length);
        expect(whole).toEqual(structuralFeatures({ id: "q", text: start }));
        expect(whole).toHaveLength(STRUCTURAL_FEATURES.length);
        expect(whole.every(Number.isFinite)).toBe(true);
      }),
      { seed: 10 },
    );
  });
});
