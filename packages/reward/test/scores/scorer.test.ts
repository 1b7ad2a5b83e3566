import {
  choiceLetter,
  createAnswerScorer,
  createChoiceScorer,
  exactMatch,
  normalizeAnswer,
  releasedExactMatch,
  tokenOverlap,
} from "@haps/reward/scores";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

describe("normalizeAnswer", () => {
  it.each([
    ["  The U.S. Army! ", "us army"],
    ["An apple a day", "apple day"],
    ["theatre of another banana", "theatre of another banana"],
    ["It's 1,000%", "its 1000"],
    ["the", ""],
    ["São\u00a0Paulo\u2028(city)", "são paulo city"],
    ["éa a é", "éa é"],
  ])("turns %j into %j", (text, normalised) => {
    expect(normalizeAnswer(text)).toBe(normalised);
  });

  it("changes nothing the second time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        const once = normalizeAnswer(text);
        expect(once).toBe(once.trim());
        expect(normalizeAnswer(once)).toBe(once);
      }),
      { seed: 2, numRuns: 300 },
    );
  });
});

describe("tokenOverlap", () => {
  it("counts tokens as often as both sides have them", () => {
    const { f1, precision, recall } = tokenOverlap("b b x c", "b b b");
    expect([precision, recall]).toEqual([1 / 2, 2 / 3]);
    expect(f1).toBeCloseTo(4 / 7, 14);
  });

  it.each([
    ["yes, it is", "yes"],
    ["yes", "yes it is"],
    ["no", "yes"],
    ["no answer", "noanswer"],
    ["Norway", "no"],
  ])("gives nothing for %j against %j: yes, no and noanswer match wholly", (prediction, expected) => {
    expect(tokenOverlap(prediction, expected).f1).toBe(0);
  });

  it("is symmetric in F1, swaps precision and recall, and stays within [0, 1]", () => {
    const words = fc
      .array(fc.constantFrom("cat", "dog", "the", "no", "x."), { maxLength: 5 })
      .map((list) => list.join(" "));
    fc.assert(
      fc.property(words, words, (left, right) => {
        const forth = tokenOverlap(left, right);
        const back = tokenOverlap(right, left);
        expect(forth.f1).toBeCloseTo(back.f1, 15);
        expect([forth.precision, forth.recall]).toEqual([back.recall, back.precision]);
        for (const value of Object.values(forth)) expect(value >= 0 && value <= 1).toBe(true);
        if (exactMatch(left, right) === 1 && normalizeAnswer(left) !== "") expect(forth.f1).toBe(1);
      }),
      { seed: 4 },
    );
  });
});

describe("exactMatch", () => {
  it("compares whole answers", () => {
    expect(exactMatch("The Beatles!", "beatles")).toBe(1);
    expect(exactMatch("No.", "no")).toBe(1);
    expect(exactMatch("", "the")).toBe(1);
  });

  it("does not have the quirk of the authors' code, which takes Norway for no", () => {
    const cases = [
      ["Norway", "no"],
      ["not sure", "no"],
      ["yesterday", "yes"],
      ["yes, it is", "yes"],
    ] as const;
    for (const [prediction, expected] of cases) {
      expect(exactMatch(prediction, expected)).toBe(0);
      expect(releasedExactMatch(prediction, expected)).toBe(1);
    }
  });
});

describe("releasedExactMatch", () => {
  it("looks for yes and no within three characters, and compares everything else whole", () => {
    expect(releasedExactMatch("uno", "no")).toBe(1);
    expect(releasedExactMatch("I say no", "no")).toBe(0);
    expect(releasedExactMatch("a yes", "yes")).toBe(1);
    expect(releasedExactMatch("nope", "noanswer")).toBe(0);
    expect(releasedExactMatch("Oslo, Norway", "Oslo")).toBe(0);
    expect(releasedExactMatch("the Oslo", "oslo")).toBe(1);
  });
});

describe("choiceLetter", () => {
  it.each([
    ["B", "B"],
    [" (c) ", "C"],
    ["b) Paris", "B"],
    ["D. 42", "D"],
    ["**B**", "B"],
    ["Answer: B", "B"],
    ["**Answer:** B", "B"],
    ["**Answer: (b)**", "B"],
    ["The answer is **C**.", "C"],
    ["The correct answer is (c).", "C"],
    ["answer = d", "D"],
    ["First A seems right.\nOption C is wrong. The answer is B", "B"],
    ["Answer: B. Option C is wrong, since choice D implies it.", "B"],
    ["I choose option C because it fits", "C"],
    ["answer: a\nAnswer: d", "D"],
    ["B) Paris. Option C is wrong.", "B"],
    ["The correct answer is option C.", "C"],
    ["**Final answer:** **(E)**", "E"],
    ["The answer is:\n\nB", "B"],
    ["There are many answers.", null],
    ["the options: none", null],
    ["the answer is a cat", null],
    ["The answer is An apple", null],
    ["Answer: Because", null],
    ["A cat", null],
    ["Answer: b'", null],
    ["", null],
    ["42", null],
  ])("finds in %j the letter %j", (text, letter) => {
    expect(choiceLetter(text)).toBe(letter);
  });
});

describe("createAnswerScorer", () => {
  const scorer = createAnswerScorer();

  it("scores no answer as 0 with the same keys", () => {
    const zero = { f1: 0, precision: 0, recall: 0, exactMatch: 0 };
    expect(scorer.score(null, { answer: "x" })).toEqual(zero);
    expect(scorer.score("y", { answer: "x" })).toEqual(zero);
    expect(scorer.score("", { answer: "x" })).toEqual(zero);
  });

  it("takes the best alias by F1, and any alias for the exact match", () => {
    expect(scorer.score("NYC", { answer: "New York City", aliases: ["NYC", "New York"] })).toEqual({
      f1: 1,
      precision: 1,
      recall: 1,
      exactMatch: 1,
    });
    const gold = { answer: "Saint Petersburg city", aliases: ["Saint Petersburg"] };
    expect(scorer.score("Petersburg", gold)).toEqual({ f1: 2 / 3, precision: 1, recall: 0.5, exactMatch: 0 });
  });

  it("reports the exact match it was asked for", () => {
    const gold = { answer: "no" };
    expect(scorer.score("Norway", gold).exactMatch).toBe(0);
    expect(createAnswerScorer({ exactMatch: "released" }).score("Norway", gold)).toEqual({
      f1: 0,
      precision: 0,
      recall: 0,
      exactMatch: 1,
    });
  });
});

describe("createChoiceScorer", () => {
  const accuracy = (answer: string | null, gold: string, aliases: string[] = []): number =>
    createChoiceScorer().score(answer, { answer: gold, aliases }).accuracy;

  it("compares letters, or whole answers where the expected one is no letter", () => {
    expect(accuracy("The answer is (b)", "B")).toBe(1);
    expect(accuracy("C", " c ")).toBe(1);
    expect(accuracy("A", "B")).toBe(0);
    expect(accuracy("A", "B", ["a"])).toBe(1);
    expect(accuracy("the 42.", "42")).toBe(1);
    expect(accuracy("B", "Berlin")).toBe(0);
    expect(accuracy("I do not know", "B")).toBe(0);
    expect(accuracy(null, "B")).toBe(0);
  });
});
