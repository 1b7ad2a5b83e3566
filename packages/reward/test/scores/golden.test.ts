import { readFileSync } from "node:fs";
import { exactMatch, normalizeAnswer, tokenOverlap } from "@haps/reward/scores";
import { expectClose } from "@haps/testing";
import { describe, expect, it } from "vitest";

interface Golden {
  readonly texts: readonly { readonly text: string; readonly normalised: string }[];
  readonly pairs: readonly {
    readonly prediction: string;
    readonly expected: string;
    readonly f1: number;
    readonly precision: number;
    readonly recall: number;
    readonly exactMatch: number;
  }[];
}

const golden = JSON.parse(readFileSync(new URL("../golden/scores.json", import.meta.url), "utf8")) as Golden;

describe("scores", () => {
  it("normalise answers as Python does", () => {
    expect(golden.texts.length).toBeGreaterThan(300);
    for (const { text, normalised } of golden.texts) expect([text, normalizeAnswer(text)]).toEqual([text, normalised]);
  });

  it("agree with the definitions of SQuAD and HotpotQA written in Python", () => {
    const kinds = new Set<number>();
    for (const pair of golden.pairs) {
      const { prediction, expected } = pair;
      const { f1, precision, recall } = tokenOverlap(prediction, expected);
      expectClose([f1, precision, recall], [pair.f1, pair.precision, pair.recall], { rtol: 1e-15, atol: 0 });
      expect(exactMatch(prediction, expected)).toBe(pair.exactMatch);
      kinds.add(Math.sign(pair.f1) + Number(pair.f1 === 1));
    }
    expect(kinds.size).toBe(3); // none, some and all of the tokens occur
  });
});
