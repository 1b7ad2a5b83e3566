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
      train: "1e62361bbba3a8a890cb7103d27f1344d8223540973a02cceac0273af9fc54ee",
      valid: "21fde9aba0bd86eb651454d7e61d972dd03aab3ef68ad792b0913f840c5da2a7",
      test: "91d7049e6e1a71750f2c76626ec376b26c5db02d3f8a5498c943310b5b354bb0",
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

  it("lists behind each option the fact that a sentence of the context states", () => {
    for (const { question, choices, stated, labels } of all) {
      const named = stated.map(({ entity, value }) => (labels.class.endsWith("-value") ? value : entity));
      expect(named).toEqual(choices);
      const context = question.context?.[0]?.toLowerCase() ?? "";
      const unsaid = stated
        .flatMap(({ entity, value }) => [entity, value])
        .filter((name) => !context.includes(name.toLowerCase()));
      expect(unsaid).toEqual([]);
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
