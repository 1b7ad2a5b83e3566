import { createAtlasChoice, createAtlasHop, type MmluItem } from "@haps/benchmarks";
import type { TextTokenizer } from "@haps/language-model";
import { describe, expect, it } from "vitest";
import { choicePoolRecipe } from "../../src/pool/choice-pool-recipe.ts";
import { type ModelRecipe, poolRecipe } from "../../src/pool/pool-recipe.ts";
import { poolWords } from "../../src/pool/pool-words.ts";
import { type PretrainingTexts, pretrainingTexts } from "../../src/pool/pretraining-batches.ts";
import { createWordTokenizer, wordsOf } from "../../src/pool/word-tokenizer.ts";

const tokenizers = {
  hop: createWordTokenizer(poolWords("hop")),
  choice: createWordTokenizer(poolWords("choice")),
};
const few = <Recipe extends ModelRecipe>(recipe: Recipe): Recipe => ({ ...recipe, questions: 300 });
const tokenizerOf = (recipe: ModelRecipe): TextTokenizer => tokenizers[recipe.benchmark ?? "hop"];
const textsOf = (recipe: ModelRecipe): PretrainingTexts => pretrainingTexts(recipe, tokenizerOf(recipe));
const hop = poolRecipe(1);
const choice = choicePoolRecipe(1);
// Making the questions takes seconds, so each is made twice and no more.
const recipes = [hop.candidates[0], hop.router, choice.candidates[0], choice.router].map((recipe) => {
  const own = few(recipe as ModelRecipe);
  return [`${own.benchmark ?? "hop"} ${own.id}`, own, textsOf(own)] as const;
});
const written = (recipe: ModelRecipe, { batch }: PretrainingTexts, step: number): readonly string[] =>
  batch(step).map(({ tokens }) => tokenizerOf(recipe).decode(Array.from(tokens)));

describe.each(recipes)("texts of %s", (_name, recipe, texts) => {
  const steps = [0, 7, 8, 40, 64, 65];

  it("depend on the step only, not on the steps before", () => {
    const inOrder = steps.map((step) => texts.batch(step));
    const again = textsOf(recipe);
    expect(
      steps
        .toReversed()
        .map((step) => again.batch(step))
        .reverse(),
    ).toEqual(inOrder);
    expect(inOrder[1]).not.toEqual(inOrder[0]);
  });

  it("fill every batch, also where one window ends and the next begins", () => {
    for (const step of steps) expect(texts.batch(step).length).toBe(recipe.batch);
  });

  it("end in the end token, know every word and fit into the model", () => {
    for (const { tokens } of steps.flatMap((step) => texts.batch(step))) {
      expect(Array.from(tokens).at(-1)).toBe(tokenizerOf(recipe).endTokens[0]);
      expect(Array.from(tokens)).not.toContain(0);
      expect(tokens.length).toBeLessThanOrEqual(128);
    }
  });
});

describe("texts of candidates", () => {
  it("count in the loss from the reply on", () => {
    const [, , texts] = recipes[0] as (typeof recipes)[number];
    for (const { tokens, lossFrom = 1 } of texts.batch(0)) {
      const prompt = tokenizers.hop.decode(Array.from(tokens).slice(0, lossFrom));
      expect(prompt).toMatch(/^(student|digest|teacher|recap) question : .* (thought|summary) :$/u);
    }
  });
});

describe("texts of a candidate for atlas-choice", () => {
  it("are exercises only, then mostly, then hardly ever", () => {
    const [, recipe, { questions }] = recipes[2] as (typeof recipes)[number];
    const lessons = [
      { windows: 1, exercises: { words: 1 } },
      { windows: 1, exercises: { words: 0.75 } },
    ];
    const short = { ...recipe, lessons, exercises: { words: 0.05 } } as ModelRecipe;
    const stems = (questions as readonly MmluItem[]).map(({ stem }) => wordsOf(stem).join(" "));
    const texts = textsOf(short);
    const share = (window: number): number => {
      const steps = Array.from({ length: 256 / recipe.batch }, (_, place) => (window * 256) / recipe.batch + place);
      const all = steps.flatMap((step) => written(short, texts, step));
      const asks = (text: string): boolean => stems.some((stem) => text.includes(` question : ${stem} a . `));
      return all.filter((text) => !asks(text)).length / all.length;
    };
    expect(share(0)).toBe(1);
    expect(Math.abs(share(1) - 0.75)).toBeLessThan(0.11);
    expect(Math.abs(share(2) - 0.05)).toBeLessThan(0.06);
  });
});

describe("texts of the router's model", () => {
  it.each([
    ["hop", 1, 4],
    ["choice", 3, 2],
  ])("hold routing prompts of atlas-%s with every assignment", (_name, place, assignments) => {
    const [, recipe, texts] = recipes[place] as (typeof recipes)[number];
    const all = [0, 1, 2].flatMap((step) => written(recipe, texts, step));
    expect(all.every((text) => text.startsWith("router roles :"))).toBe(true);
    expect(new Set(all.map((text) => text.slice(text.lastIndexOf("{")))).size).toBe(assignments);
  });
});

describe("questions of candidates", () => {
  it("are none of those that routers are trained, chosen or measured on", () => {
    const others = [createAtlasHop(), createAtlasChoice({ context: "none" })].flatMap(({ train, valid, test }) => [
      ...train,
      ...valid,
      ...test,
    ]);
    const seen = new Set(others.map(({ question }) => question.text));
    const asked = recipes.flatMap(([, , { questions }]) => questions) as readonly Pick<MmluItem, "question">[];
    expect(asked.length).toBeGreaterThan(1180);
    expect(asked.filter(({ question }) => seen.has(question.text))).toEqual([]);
  });
});
