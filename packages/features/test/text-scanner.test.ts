import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTextScanner, type TextScannerOptions } from "../src/text-scanner.ts"; // internal

const DEFAULTS: TextScannerOptions = { numberShapes: false, punctuationWords: false, maximumCharacters: 10_000 };

function scan(text: string, options: Partial<TextScannerOptions> = {}): { canonical: string; words: string[] } {
  const scanned = createTextScanner({ ...DEFAULTS, ...options }).scan(text);
  const decode = (start: number, end: number): string => new TextDecoder().decode(scanned.bytes.subarray(start, end));
  const words = Array.from({ length: scanned.wordCount }, (_, index) =>
    decode(scanned.wordStarts[index] as number, scanned.wordEnds[index] as number),
  );
  return { canonical: decode(0, scanned.characterStarts[scanned.characterCount] as number), words };
}

describe("createTextScanner", () => {
  it("lower-cases, collapses white space and finds words", () => {
    expect(scan("  The\tQUICK\n\nbrown-fox, isn’t x_1!  ")).toEqual({
      canonical: " the quick brown-fox, isn't x_1! ",
      words: ["the", "quick", "brown", "fox", "isn't", "x_1"],
    });
  });

  it("finds words of any script and normalises compatible forms", () => {
    expect(scan("ﬁn Ünïcödé 北京大学 Ωmega ١٢").words).toEqual(["fin", "ünïcödé", "北京大学", "ωmega", "١٢"]);
  });

  it("writes numbers by their shape on request", () => {
    const { words } = scan("7 42 1984 1234567 3.14159 1,000,000 v2 x10y 3. .5", { numberShapes: true });
    expect(words).toEqual(["0", "00", "0000", "0000", "0.0", "0.0", "v0", "x00y", "0", "0"]);
  });

  it("makes words of punctuation on request", () => {
    expect(scan("a=b; 😀", { punctuationWords: true }).words).toEqual(["a", "=", "b", ";", "😀"]);
  });

  it.each(["", " ", "\n\t \u2028"])("gives no words for blank text %#", (text) => {
    expect(scan(text)).toEqual({ canonical: " ", words: [] });
  });

  it("treats a lone surrogate, also one cut off by the limit, as white space", () => {
    expect(scan("a\ud83db").words).toEqual(["a", "b"]);
    expect(scan("ab😀", { maximumCharacters: 3 })).toEqual({ canonical: " ab ", words: ["ab"] });
  });

  it("reuses its buffers without mixing texts", () => {
    const scanner = createTextScanner(DEFAULTS);
    scanner.scan("a long text that fills the buffers ".repeat(50));
    const { bytes, characterStarts, characterCount } = scanner.scan("short");
    expect(new TextDecoder().decode(bytes.subarray(0, characterStarts[characterCount]))).toBe(" short ");
  });

  it("agrees with a regular expression on words of arbitrary text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const canonical = text.normalize("NFKC").toLowerCase().replaceAll("’", "'");
        const expected = canonical.match(/[\p{L}\p{M}\p{N}_]+(?:'(?=[\p{L}\p{M}_])[\p{L}\p{M}\p{N}_]+)*/gu) ?? [];
        expect(scan(text).words).toEqual([...expected]);
      }),
      { seed: 11, numRuns: 300 },
    );
  });
});
