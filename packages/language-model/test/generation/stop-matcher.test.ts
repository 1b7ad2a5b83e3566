import { createStopMatcher } from "@haps/language-model";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

/** What is said of the whole text: the first end of any stop text, and of those that end there the longest. */
function referenceStop(text: string, stops: readonly string[]): { text: string; stop?: string } {
  const found = stops
    .map((stop) => ({ stop, start: text.indexOf(stop) }))
    .filter(({ start }) => start >= 0)
    .map(({ stop, start }) => ({ stop, start, end: start + stop.length }))
    .sort((one, other) => one.end - other.end || one.start - other.start)[0];
  return found === undefined ? { text } : { text: text.slice(0, found.start), stop: found.stop };
}

function matchPieces(pieces: readonly string[], stops: readonly string[]) {
  const matcher = createStopMatcher(stops);
  const texts: string[] = [];
  let stop: string | undefined;
  for (const piece of pieces) {
    const match = matcher.push(piece);
    texts.push(match.text);
    if (match.stop !== undefined) stop = match.stop;
  }
  texts.push(matcher.finish());
  return { texts, result: { text: texts.join(""), ...(stop === undefined ? {} : { stop }) } };
}

/** Few letters, so that beginnings of stop texts abound. */
const letters = fc.constantFrom("a", "b", "\n", "é", "🙂", "🙃");
const words = fc.string({ unit: letters, maxLength: 30 });
const stopTexts = fc.array(fc.string({ unit: letters, minLength: 1, maxLength: 5 }), { maxLength: 4 });

describe("stop texts", () => {
  it("end the text where a look at the whole text would, whatever the pieces", () => {
    fc.assert(
      fc.property(fc.array(words, { maxLength: 8 }), stopTexts, (pieces, stops) => {
        expect(matchPieces(pieces, stops).result).toEqual(referenceStop(pieces.join(""), stops));
      }),
      { seed: 41, numRuns: 2000 },
    );
  });

  it("hold back nothing but what may be the beginning of one", () => {
    fc.assert(
      fc.property(words, stopTexts, (text, stops) => {
        const matcher = createStopMatcher(stops);
        let shown = "";
        for (let end = 1; end <= text.length; end += 1) {
          const { text: more, stop } = matcher.push(text[end - 1] as string);
          shown += more;
          if (stop !== undefined) return;
          const held = text.slice(shown.length, end);
          const longest = Math.max(
            0,
            ...stops.flatMap((own) =>
              Array.from({ length: own.length }, (_, length) =>
                text.slice(0, end).endsWith(own.slice(0, length)) ? length : 0,
              ),
            ),
          );
          expect(held).toHaveLength(longest);
        }
        expect(shown + matcher.finish()).toBe(text);
      }),
      { seed: 42, numRuns: 500 },
    );
  });

  it("show text as soon as it is free, over the borders of pieces", () => {
    expect(matchPieces(["one <", "en", "d x", "<end", "> two"], ["<end>"])).toEqual({
      texts: ["one ", "", "<end x", "", "", ""],
      result: { text: "one <end x", stop: "<end>" },
    });
  });

  it("end with the first that is complete, and with the longest of several that are complete at once", () => {
    expect(matchPieces(["xabcdef"], ["abcdef", "cd"]).result).toEqual({ text: "xab", stop: "cd" });
    expect(matchPieces(["xabcd"], ["cd", "abcd", "bcd"]).result).toEqual({ text: "x", stop: "abcd" });
  });

  it("come back to a shorter beginning of themselves", () => {
    expect(matchPieces(["aabaab", "aaab"], ["aabaaa"]).result).toEqual({ text: "aab", stop: "aabaaa" });
  });

  it("never tear a character apart", () => {
    const { texts } = matchPieces(["🙂", "🙃", "🙂!"], ["🙃!"]);
    expect(texts).toEqual(["🙂", "", "🙃🙂!", ""]);
  });

  it("let nothing through afterwards, until the matcher begins anew", () => {
    const matcher = createStopMatcher(["."]);
    expect(matcher.push("a.b")).toEqual({ text: "a", stop: "." });
    expect(matcher.push("c.")).toEqual({ text: "" });
    expect(matcher.finish()).toBe("");
    expect(matcher.push("d")).toEqual({ text: "d" });
    const halfway = createStopMatcher(["ab"]);
    expect(halfway.push("a")).toEqual({ text: "" });
    expect(halfway.finish()).toBe("a");
    expect(halfway.push("b")).toEqual({ text: "b" });
  });

  it("may be none, but not empty", () => {
    expect(matchPieces(["a", "b"], []).texts).toEqual(["a", "b", ""]);
    expect(() => createStopMatcher(["a", ""])).toThrow(
      expect.objectContaining({ code: "config", facts: { index: 1 } }),
    );
  });
});
