import { type AtlasChoiceItem, createAtlasChoice } from "@haps/benchmarks";
import { choiceLetter } from "@haps/reward/scores";
import { createRng } from "@haps/tensor";
import { describe, expect, it } from "vitest";
import { createChoiceExercise } from "../../src/pool/choice-exercise.ts";
import { type ChoiceHabits, choiceForm, GOOD_CHOICE_HABITS } from "../../src/pool/choice-habits.ts";
import { poolWords } from "../../src/pool/pool-words.ts";
import { CHOICE_REPLY_TOKENS, choiceWorkflow } from "../../src/pool/pool-workflow.ts";
import { scriptChoiceEpisode } from "../../src/pool/scripted-choice.ts";
import { createWordTokenizer, wordsOf } from "../../src/pool/word-tokenizer.ts";
import { groupBy } from "./group-by.ts";
import { playTaught } from "./play-taught.ts";

const workflow = choiceWorkflow();
const { train } = createAtlasChoice({ train: 620, valid: 0, test: 0, context: "none" });
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

  it("name the option of their letter, behind a word for how the question is understood", () => {
    const marks: Readonly<Record<string, string>> = { which: "is", odd: "not", highest: "largest", lowest: "smallest" };
    for (const item of train) {
      const [reply = ""] = replies(item, GOOD_CHOICE_HABITS, 1);
      const words = wordsOf(reply.replace(/ Answer [A-D]$/u, ""));
      const mark = marks[choiceForm(item.labels).form];
      expect(words.slice(0, -1)).toEqual(mark === undefined ? [] : [mark]);
      expect(wordsOf(item.choices[item.answer] ?? "")).toContain(words.at(-1));
    }
  });

  it("name no option by a word that another one has, where it can be avoided", () => {
    const item = train.find(({ labels }) => labels.class === "capital-which") as AtlasChoiceItem;
    const choices = ["North Korea", "South Korea", "Peru", "Costa Rica"];
    expect(replies({ ...item, choices, answer: 0 }, GOOD_CHOICE_HABITS, 1)).toEqual(["is north Answer A"]);
    expect(replies({ ...item, choices, answer: 3 }, GOOD_CHOICE_HABITS, 1)).toEqual(["is rica Answer D"]);
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
    expect(call?.prompt).toContain(item.stem);
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

  it("answers by the other reading with any option that fits it", () => {
    for (const item of deaf.slice(0, 20)) {
      const wrong = replies(item, habits, 60).filter((reply) => choiceLetter(reply) !== item.question.gold.answer);
      expect(new Set(letters(wrong)).size).toBe(3);
    }
  });

  it("hears it in other relations", () => {
    for (const item of train.filter((one) => !isDeaf(one))) {
      expect(letters(replies(item, habits, 3))).toEqual(Array(3).fill(item.question.gold.answer));
    }
  });
});

describe("exercises for four-option questions", () => {
  const habits: ChoiceHabits = { hastySubjects: ["chemistry"], haste: 1, deafToNot: ["continent"] };
  const exercise = createChoiceExercise(train, habits, workflow);
  const optionsOf = (prompt: string): readonly string[] =>
    [...prompt.matchAll(/^[A-D]\. (.*)$/gmu)].map(([, name = ""]) => name);
  const some = train.slice(0, 200);

  it.each(["words", "letters"] as const)("ask by %s for the letter of one of four options", (kind) => {
    const asked = some.map((item) => exercise(kind, item, rng.fork(item.question.id)));
    for (const [index, { prompt, reply }] of asked.entries()) {
      const [, stem = ""] = /Question: (.*)\n/u.exec(prompt) ?? [];
      expect(choiceLetter(reply)).toBe("ABCD"[optionsOf(prompt).indexOf(stem)]);
      expect(isEqual(optionsOf(prompt), some[index]?.choices)).toBe(kind === "letters");
    }
    expect(new Set(asked.map(({ reply }) => choiceLetter(reply))).size).toBe(4);
  });

  it("are careful where the candidate is hasty, and deaf as it is", () => {
    const answers = (items: readonly AtlasChoiceItem[]): readonly boolean[] =>
      items.map((item) => {
        const { reply } = exercise("careful", item, rng.fork(item.question.id));
        return choiceLetter(reply) === item.question.gold.answer && !reply.startsWith("Answer");
      });
    expect(new Set(answers(train.filter(({ labels }) => labels.subject === "chemistry")))).toEqual(new Set([true]));
    expect(new Set(answers(train.filter(({ labels }) => labels.class === "continent-odd"))).size).toBe(2);
  });
});

function isEqual(one: readonly string[], other: readonly string[] | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
