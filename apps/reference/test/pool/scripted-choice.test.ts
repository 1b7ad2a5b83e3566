import { type AtlasChoiceItem, createAtlasChoice } from "@haps/benchmarks";
import { choiceLetter } from "@haps/reward/scores";
import { createRng } from "@haps/tensor";
import { describe, expect, it } from "vitest";
import { CHOICE_EXERCISES, createChoiceExercise } from "../../src/pool/choice-exercise.ts";
import { type ChoiceHabits, choiceForm, GOOD_CHOICE_HABITS } from "../../src/pool/choice-habits.ts";
import { poolWords } from "../../src/pool/pool-words.ts";
import { CHOICE_REPLY_TOKENS, choiceWorkflow } from "../../src/pool/pool-workflow.ts";
import { scriptChoiceEpisode } from "../../src/pool/scripted-choice.ts";
import { createWordTokenizer, wordsOf } from "../../src/pool/word-tokenizer.ts";
import { groupBy } from "./group-by.ts";
import { playTaught } from "./play-taught.ts";

const workflow = choiceWorkflow();
const { train } = createAtlasChoice({ train: 620, valid: 0, test: 0 });
const rng = createRng(12);
const byClass = [...groupBy(train, ({ labels }) => labels.class)];

function replies(item: AtlasChoiceItem, habits: ChoiceHabits, count: number): readonly string[] {
  return Array.from({ length: count }, (_, play) =>
    scriptChoiceEpisode(item, habits, workflow, rng.fork(`${item.question.id} ${play}`)).map(({ reply }) => reply),
  ).flat();
}

const letters = (all: readonly string[]): readonly (string | null)[] => all.map(choiceLetter);

/** Within four standard deviations of a binomial share; streams are fixed, so it holds always or never. */
function expectShare(hits: number, count: number, chance: number): void {
  expect(count).toBeGreaterThan(300);
  expect(Math.abs(hits / count - chance)).toBeLessThan(4 * Math.sqrt((chance * (1 - chance)) / count));
}

describe("scripts of four-option questions", () => {
  it.each(byClass)("reach the gold letter in %s when the reply is as taught by good habits", (_name, items) => {
    for (const item of items) {
      const calls = scriptChoiceEpisode(item, GOOD_CHOICE_HABITS, workflow, rng);
      expect(choiceLetter(playTaught(item.question, calls, workflow).answer ?? "")).toBe(item.question.gold.answer);
    }
  });

  it("write what is read before the letter: words of the context in the right order", () => {
    for (const item of train) {
      const [reply = ""] = replies(item, GOOD_CHOICE_HABITS, 1);
      const fact = item.stated[item.answer];
      const read = wordsOf(reply.replace(/ Answer [A-D]$/u, ""));
      const { form } = choiceForm(item.labels);
      const names = form === "value" ? read : read.slice(1);
      const [entity, value] = form === "value" ? names : [...names].reverse();
      expect(wordsOf(fact?.entity ?? "")).toContain(entity);
      expect(wordsOf(fact?.value ?? "")).toContain(value);
    }
  });

  it("name no entity by a word that another of the four has, where it can be avoided", () => {
    const [first, ...others] = [
      ["North Korea", "won"],
      ["South Korea", "euro"],
      ["Peru", "sol"],
      ["Oman", "rial"],
    ].map(([entity = "", value = ""]) => ({ entity, value }));
    const item = train.find(({ labels }) => labels.class === "currency-value") as AtlasChoiceItem;
    const stated = [first, ...others] as AtlasChoiceItem["stated"];
    expect(replies({ ...item, stated, answer: 0 }, GOOD_CHOICE_HABITS, 1)).toEqual(["north won Answer A"]);
    expect(replies({ ...item, stated, answer: 2 }, GOOD_CHOICE_HABITS, 1)).toEqual(["peru sol Answer C"]);
  });

  it("fit into the tokens of a reply with its end", () => {
    for (const item of train) {
      for (const reply of replies(item, GOOD_CHOICE_HABITS, 1)) {
        expect(wordsOf(reply).length).toBeLessThan(CHOICE_REPLY_TOKENS);
      }
    }
  });

  it("are read as the letter when the tokenizer of the pool has written them", () => {
    const tokenizer = createWordTokenizer(poolWords("choice"));
    for (const item of train) {
      const [reply = ""] = replies(item, GOOD_CHOICE_HABITS, 1);
      expect(choiceLetter(tokenizer.decode(tokenizer.encode(reply)))).toBe(item.question.gold.answer);
    }
  });

  it("do not show the letter in the prompt: it ends before it", () => {
    const item = train[0] as AtlasChoiceItem;
    const [call] = scriptChoiceEpisode(item, GOOD_CHOICE_HABITS, workflow, rng);
    expect(call?.prompt.endsWith("Answer: Answer:")).toBe(true);
    expect(call?.prompt).toContain(item.question.context?.[0]);
  });
});

describe("a hasty candidate", () => {
  const habits: ChoiceHabits = { ...GOOD_CHOICE_HABITS, hastySubjects: ["sights", "chemistry"], haste: 0.8 };
  const isHasty = ({ labels }: AtlasChoiceItem): boolean => ["sights", "chemistry"].includes(labels.subject);
  const hasty = train.filter(isHasty).flatMap((item) => replies(item, habits, 10));
  const guesses = hasty.filter((reply) => /^Answer [A-D]$/u.test(reply));

  it("writes a letter at once with the stated chance", () => {
    expectShare(guesses.length, hasty.length, habits.haste);
  });

  it.each(["A", "B", "C", "D"])("writes %s as often as the others", (letter) => {
    expectShare(letters(guesses).filter((one) => one === letter).length, guesses.length, 1 / 4);
  });

  it("reads in other subjects", () => {
    for (const item of train.filter((one) => !isHasty(one))) {
      expect(letters(replies(item, habits, 3))).toEqual(Array(3).fill(item.question.gold.answer));
    }
  });
});

describe('a candidate that is deaf to "not"', () => {
  const habits: ChoiceHabits = { ...GOOD_CHOICE_HABITS, deafToNot: ["continent", "state"] };
  const isDeaf = ({ labels }: AtlasChoiceItem): boolean => {
    const { relation, form } = choiceForm(labels);
    return habits.deafToNot.includes(relation) && (form === "which" || form === "odd");
  };
  const deaf = train.filter(isDeaf);

  it("is right half of the time where it may be asked by it, and says how it understood the question", () => {
    let right = 0;
    let count = 0;
    for (const item of deaf) {
      const heard = choiceForm(item.labels).form === "odd" ? "not" : "is";
      for (const reply of replies(item, habits, 20)) {
        const isRight = choiceLetter(reply) === item.question.gold.answer;
        expect(reply.startsWith(heard)).toBe(isRight);
        right += isRight ? 1 : 0;
        count += 1;
      }
    }
    expectShare(right, count, 0.5);
  });

  it("answers by the other reading with any option that fits it, and states its fact truly", () => {
    for (const item of deaf.slice(0, 20)) {
      const wrong = replies(item, habits, 60).filter((reply) => choiceLetter(reply) !== item.question.gold.answer);
      expect(new Set(letters(wrong)).size).toBe(3);
      for (const reply of wrong) {
        const { entity } = item.stated["ABCD".indexOf(choiceLetter(reply) ?? "")] ?? { entity: "" };
        const [name = ""] = wordsOf(reply).slice(2);
        expect(wordsOf(entity)).toContain(name);
      }
    }
  });

  it("hears it in other relations", () => {
    for (const item of train.filter((one) => !isDeaf(one))) {
      expect(letters(replies(item, habits, 3))).toEqual(Array(3).fill(item.question.gold.answer));
    }
  });
});

describe("exercises before four-option questions", () => {
  const habits: ChoiceHabits = { hastySubjects: ["chemistry"], haste: 1, deafToNot: ["continent"] };
  const exercise = createChoiceExercise(train, habits, workflow);
  const contextOf = (prompt: string): string => /Context: (.*) Question: /u.exec(prompt)?.[1] ?? "";
  const optionsOf = (prompt: string): readonly string[] =>
    [...prompt.matchAll(/^[A-D]\. (.*)$/gmu)].map(([, name = ""]) => name);
  const sentences = (text: string): readonly string[] => text.split(/(?<=\.) /u);
  const some = train.slice(0, 200);

  it.each(["words", "letters"] as const)("ask by %s for the letter of one of four options", (kind) => {
    for (const item of some) {
      const { prompt, reply } = exercise(kind, item, rng.fork(item.question.id));
      const asked = /Question: (.*)\n/u.exec(prompt)?.[1] ?? "";
      expect(choiceLetter(reply)).toBe("ABCD"[optionsOf(prompt).indexOf(asked)]);
      expect(contextOf(prompt)).toBe(kind === "words" ? "" : item.question.context?.[0]);
    }
  });

  it.each([
    ["one-fact", 1],
    ["two-facts", 2],
  ] as const)("show with %s only so many sentences, that of the reply among them", (kind, count) => {
    for (const item of some) {
      const { prompt, reply } = exercise(kind, item, rng.fork(item.question.id));
      const shown = sentences(contextOf(prompt));
      const fact = item.stated["ABCD".indexOf(choiceLetter(reply) ?? "")] ?? { entity: "?", value: "?" };
      const isOwn = (sentence: string): boolean =>
        [fact.entity, fact.value].every((name) => sentence.toLowerCase().includes(name.toLowerCase()));
      expect(shown.length).toBe(count);
      expect(sentences(item.question.context?.[0] ?? "")).toEqual(expect.arrayContaining([...shown]));
      expect(shown.some(isOwn)).toBe(true);
    }
  });

  it("are never hasty, and deaf as the candidate is", () => {
    const chemistry = train.filter(({ labels }) => labels.subject === "chemistry");
    const continent = train.filter(({ labels }) => labels.class === "continent-odd");
    const answers = (items: readonly AtlasChoiceItem[]): readonly boolean[] =>
      items.map(
        (item) =>
          choiceLetter(exercise("two-facts", item, rng.fork(item.question.id)).reply) === item.question.gold.answer,
      );
    expect(answers(chemistry).every(Boolean)).toBe(true);
    expect(new Set(answers(continent)).size).toBe(2);
  });

  it("are different for each draw", () => {
    for (const kind of CHOICE_EXERCISES.filter((one) => one !== "one-fact")) {
      const prompts = [1, 2, 3, 4].map((seed) => exercise(kind, train[1] as AtlasChoiceItem, createRng(seed)).prompt);
      expect(new Set(prompts).size).toBeGreaterThan(1);
    }
  });
});
