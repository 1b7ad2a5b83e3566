import { type AtlasChoiceItem, benchmarkHash, createAtlasChoice } from "@haps/benchmarks";
import { describe, expect, it } from "vitest";
import { choice } from "./default-atlas.ts";
import { groupBy } from "./group-by.ts";
import { solveChoice } from "./solve-choice.ts";

const splits = { train: choice.train, valid: choice.valid, test: choice.test };
const all: readonly AtlasChoiceItem[] = [...choice.train, ...choice.valid, ...choice.test, ...choice.pretrain];

describe("createAtlasChoice", () => {
  it("gives 4,000 train, 500 valid and 5,000 test questions", () => {
    expect([choice.train.length, choice.valid.length, choice.test.length]).toEqual([4000, 500, 5000]);
  });

  it("gives the published bytes", () => {
    expect(Object.fromEntries(Object.entries(splits).map(([name, items]) => [name, benchmarkHash(items)]))).toEqual({
      train: "39ffe7f1f700fb63ab36935eddf1a6226b665f8a26d7d458dbfc1b284044021a",
      valid: "96ec35a3c5038ef06269e705a221e8e2e9cdb7a4c4be7563a7198dd2069e7456",
      test: "82fa5f15a4b1a85b1b2e62ee484b5e77f12ca694ca5952db7c06d2d3211153f1",
    });
  });

  it("asks no text twice, and no fact or set of options in two splits", () => {
    expect(new Set(all.map(({ question }) => question.text)).size).toBe(all.length);
    const seen = new Map<string, string>();
    for (const [name, items] of Object.entries({ ...splits, pretrain: choice.pretrain })) {
      const split = name === "pretrain" ? "train" : name;
      for (const { labels } of items) {
        expect([labels.chain, seen.get(labels.chain) ?? split]).toEqual([labels.chain, split]);
        seen.set(labels.chain, split);
      }
    }
  });

  it("has exactly one right option, which the facts of the context give", () => {
    const wrong = all.filter(({ question, stem, choices, answer }) => {
      const right = solveChoice(question.context?.[0] ?? "", stem, choices);
      return right.length !== 1 || right[0] !== answer;
    });
    expect(wrong.slice(0, 3).map(({ question, labels }) => `${labels.class}: ${question.text}`)).toEqual([]);
  });

  it("has four different options and the letter of the right one as gold answer", () => {
    expect(
      all.filter(
        ({ choices, answer, question }) =>
          new Set(choices).size !== 4 || "ABCD".charAt(answer) !== question.gold.answer,
      ),
    ).toEqual([]);
  });

  it("has every letter right equally often, in every class", () => {
    for (const [name, items] of groupBy(choice.test, ({ labels }) => labels.class)) {
      const counts = [0, 1, 2, 3].map((answer) => items.filter((item) => item.answer === answer).length);
      expect([name, Math.max(...counts) - Math.min(...counts) <= 1]).toEqual([name, true]);
    }
  });

  it("asks in several wordings in each class", () => {
    for (const [name, items] of groupBy(choice.test, ({ labels }) => labels.class)) {
      const starts = new Set(items.map(({ stem }) => stem.split(" ").slice(0, 3).join(" ")));
      expect([name, starts.size >= 2]).toEqual([name, true]);
    }
  });

  it("mentions every entity in train", () => {
    const text = choice.train.map(({ question }) => question.context?.[0] ?? "").join(" ");
    const held = new Set(choice.test.flatMap(({ labels }) => labels.chain.split("|").slice(1)));
    expect([...held].filter((name) => !text.toLowerCase().includes(name.toLowerCase()))).toEqual([]);
  });

  it("writes the text as MMLU prompts are written", () => {
    const [item] = choice.valid;
    const [a, b, c, d] = item?.choices ?? [];
    expect(item?.question.text).toBe(`${item?.stem ?? ""}\nA. ${a}\nB. ${b}\nC. ${c}\nD. ${d}\nAnswer:`);
  });

  it("asks from memory about the true world when there is no context", () => {
    const { test } = createAtlasChoice({ train: 0, valid: 0, test: 200, context: "none" });
    expect(test.filter(({ question, labels }) => question.context !== undefined || labels.world !== "true")).toEqual(
      [],
    );
    expect(() => createAtlasChoice({ context: "none", counterfactual: 0.5 })).toThrowError(/true world.*expected 0/);
  });
});
