import { createAtlasChoice, createAtlasHop } from "@haps/benchmarks";
import { describe, expect, it } from "vitest";
import { poolWords } from "../../src/pool/pool-words.ts";
import {
  createWordTokenizer,
  END_TOKEN,
  UNKNOWN_TOKEN,
  wordsOf,
  wordTokenizerFiles,
} from "../../src/pool/word-tokenizer.ts";

describe("the tokenizer of whole words", () => {
  const tokenizer = createWordTokenizer([",", "[", "]", "finish", "peru", "é"]);

  it("numbers words in their order, behind the unknown word and the end", () => {
    expect(tokenizer.encode("Finish[ Peru ], é")).toEqual([5, 3, 6, 4, 2, 7]);
    expect(tokenizer.endTokens).toEqual([1]);
    expect(tokenizer.vocabularySize).toBe(8);
  });

  it("reads what it does not know as the unknown word, also a known word with a tail", () => {
    expect(tokenizer.encode("Perus Lima finish")).toEqual([0, 0, 5]);
  });

  it("reads the end where it is written", () => {
    expect(tokenizer.encode(`peru ${END_TOKEN}`)).toEqual([6, 1]);
  });

  it("reads nothing in an empty text", () => {
    expect(tokenizer.encode("")).toEqual([]);
    expect(wordsOf(" \n")).toEqual([]);
  });

  it("cuts as wordsOf says", () => {
    const text = "What's Côte d'Ivoire's 2nd city?\nA. x-y  (Z) ... $5";
    const words = [...new Set(wordsOf(text))];
    const own = createWordTokenizer(words);
    expect(own.encode(text).map((id) => words[id - 2])).toEqual(wordsOf(text));
  });

  it("describes itself in the format that other programs read", () => {
    const { tokenizerJson, tokenizerConfig } = wordTokenizerFiles(["peru"]);
    expect(tokenizerJson).toMatchObject({
      model: { type: "WordPiece", unk_token: UNKNOWN_TOKEN, vocab: { [UNKNOWN_TOKEN]: 0, [END_TOKEN]: 1, peru: 2 } },
    });
    expect(tokenizerConfig).toMatchObject({ eos_token: END_TOKEN, unk_token: UNKNOWN_TOKEN });
  });
});

describe.each([
  ["hop", 777, createAtlasHop],
  ["choice", 727, createAtlasChoice],
] as const)("the words of the pool for atlas-%s", (benchmark, count, create) => {
  const words = poolWords(benchmark);
  const tokenizer = createWordTokenizer(words);
  const made = create({ train: 200, valid: 500, test: 5000, pretrain: 200 });
  const questions = [...made.train, ...made.valid, ...made.test, ...made.pretrain].map(({ question }) => question);

  it("are distinct, in order, and as many as the published weights have", () => {
    expect(new Set(words).size).toBe(words.length);
    expect([...words].sort()).toEqual(words);
    expect(words.length).toBe(count);
  });

  it("are all words of questions, contexts and answers, in every split", () => {
    const unknown = questions.filter(({ text, context = [], gold }) =>
      tokenizer.encode([text, ...context, gold.answer].join(" ")).includes(0),
    );
    expect(unknown.map(({ text }) => text)).toEqual([]);
  });

  it("come back from their ids", () => {
    for (const { text } of questions.slice(0, 300)) {
      expect(wordsOf(tokenizer.decode(tokenizer.encode(text)))).toEqual(wordsOf(text));
    }
  });
});

it("ids of published weights stay what they are", () => {
  const idsOf = (benchmark: "choice" | "hop"): readonly number[] =>
    createWordTokenizer(poolWords(benchmark)).encode("Question: Oslo? Answer: B <end>");
  expect(idsOf("hop")).toMatchInlineSnapshot(`
    [
      565,
      57,
      529,
      58,
      86,
      57,
      119,
      1,
    ]
  `);
  expect(idsOf("choice")).toMatchInlineSnapshot(`
    [
      536,
      56,
      501,
      57,
      77,
      56,
      109,
      1,
    ]
  `);
});
