import { type AtlasHopItem, createAtlasHop } from "@haps/benchmarks";
import { createRng } from "@haps/tensor";
import { describe, expect, it } from "vitest";
import { GOOD_HABITS, type HopHabits, hopGroup } from "../../src/pool/hop-habits.ts";
import { hopSetting } from "../../src/pool/pool-workflow.ts";
import { type ScriptedCall, scriptHopEpisode } from "../../src/pool/scripted-hop.ts";
import { groupBy } from "./group-by.ts";
import { playTaught } from "./play-taught.ts";

const setting = hopSetting();
const { train } = createAtlasHop({ train: 580, valid: 0, test: 0 });
const rng = createRng(11);

/** Calls of several plays of a question: players stray in some of them only. */
function plays(item: AtlasHopItem, habits: HopHabits, count: number): readonly ScriptedCall[] {
  return Array.from({ length: count }, (_, play) =>
    scriptHopEpisode(item, habits, setting, rng.fork(`${item.question.id} ${play}`)),
  ).flat();
}

/** Within four standard deviations of a binomial share; streams are fixed, so it holds always or never. */
function expectShare(hits: number, count: number, chance: number): void {
  expect(count).toBeGreaterThan(100);
  expect(Math.abs(hits / count - chance)).toBeLessThan(4 * Math.sqrt((chance * (1 - chance)) / count));
}

const byClass = [...groupBy(train, ({ labels }) => labels.class)];
const isBridge = ({ labels }: AtlasHopItem): boolean => labels.type === "bridge";

describe("scripts of two-hop questions", () => {
  it.each(byClass)("reach the gold answer in %s when all reply as taught by good habits", (_name, items) => {
    for (const { question, ...rest } of items.slice(0, 4)) {
      const { answer } = playTaught(
        question,
        plays({ question, ...rest }, GOOD_HABITS, 40),
        setting.workflow,
        setting.retriever,
      );
      expect(answer).toBe(question.gold.answer);
    }
  });

  it("teach by good habits one reply to a prompt, whatever was played before", () => {
    for (const item of train.slice(0, 60)) {
      const replies = groupBy(plays(item, GOOD_HABITS, 12), ({ prompt }) => prompt);
      for (const calls of replies.values()) expect(new Set(calls.map(({ reply }) => reply)).size).toBe(1);
    }
  });

  it("show the answer of a bridge question in no prompt before it was read in a paragraph", () => {
    for (const item of train.filter(isBridge).slice(0, 120)) {
      const { question } = item;
      const { seen } = playTaught(question, plays(item, GOOD_HABITS, 40), setting.workflow, setting.retriever);
      const read = seen.findIndex(({ kind, text }) => kind === "found" && text.includes(question.gold.answer));
      const shown = seen.findIndex(({ kind, text }) => kind === "prompt" && text.includes(question.gold.answer));
      expect(read).toBeGreaterThan(-1);
      expect(shown).toBeGreaterThan(read);
    }
  });

  it("are the same for the same stream", () => {
    const item = train[3] as AtlasHopItem;
    const once = (): readonly ScriptedCall[] => scriptHopEpisode(item, GOOD_HABITS, setting, createRng(5));
    expect(once()).toEqual(once());
  });
});

describe("a hasty student", () => {
  const habits: HopHabits = { ...GOOD_HABITS, hastyStudent: ["city-author", "thing-pair"], haste: 0.8 };
  const afterOneHop = (item: AtlasHopItem): readonly ScriptedCall[] =>
    plays(item, habits, 30).filter(
      ({ purpose, prompt }) =>
        purpose === "studentAct" &&
        prompt.includes("Budget: 2") &&
        prompt.includes(paragraphOf(item, 0)) &&
        !prompt.includes("Context: none Observation: none"),
    );
  const isHasty = (item: AtlasHopItem): boolean => habits.hastyStudent.includes(hopGroup(item.labels));
  const finishes = (calls: readonly ScriptedCall[]): number =>
    calls.filter(({ reply }) => reply.includes("Finish[")).length;
  const advised = (calls: readonly ScriptedCall[], advice: string): readonly ScriptedCall[] =>
    calls.filter(({ prompt }) => prompt.includes(` Advice: ${advice}`));

  const hasty = train.filter(isHasty).slice(0, 120).flatMap(afterOneHop);
  const careful = train
    .filter((item) => !isHasty(item))
    .slice(0, 120)
    .flatMap(afterOneHop);

  it("answers at once when advised to answer", () => {
    const calls = advised(hasty, "answer");
    expect(calls.length).toBeGreaterThan(100);
    expect(finishes(calls)).toBe(calls.length);
  });

  it("answers too early with the stated chance when not advised", () => {
    const calls = advised(hasty, "none");
    expectShare(finishes(calls), calls.length, habits.haste);
  });

  it("searches when advised to search", () => {
    const calls = advised(hasty, "search");
    expect(calls.length).toBeGreaterThan(100);
    expect(finishes(calls)).toBe(0);
  });

  it("searches elsewhere, whatever the advice", () => {
    expect(careful.length).toBeGreaterThan(100);
    expect(finishes(careful)).toBe(0);
  });

  it("names as its answer what should be searched next, or the first of two", () => {
    for (const item of train.filter(isHasty).slice(0, 40)) {
      const [first] = item.hops;
      const expected = isBridge(item) ? first?.value : first?.title;
      for (const { reply } of afterOneHop(item).filter((call) => finishes([call]) === 1)) {
        expect(reply).toBe(`answer Action: Finish[ ${expected} ]`);
      }
    }
  });
});

describe("a hasty teacher", () => {
  const habits: HopHabits = { ...GOOD_HABITS, hastyTeacher: ["landmark-book", "place-pair"], haste: 0.6 };
  const advice = (isHasty: boolean): readonly string[] =>
    train
      .filter(({ labels }) => habits.hastyTeacher.includes(hopGroup(labels)) === isHasty)
      .slice(0, 80)
      .flatMap((item) =>
        plays(item, habits, 10)
          .filter(
            ({ purpose, prompt }) => purpose === "teacherAct" && prompt.endsWith(`${paragraphOf(item, 0)} Thought:`),
          )
          .map(({ reply }) => reply),
      );

  it("advises to answer with the stated chance when a search is due", () => {
    const replies = advice(true);
    expectShare(replies.filter((reply) => reply === "answer Action: [Continue]").length, replies.length, habits.haste);
  });

  it("advises elsewhere to search for what is due", () => {
    const replies = advice(false);
    expect(replies.length).toBeGreaterThan(100);
    expect(replies.filter((reply) => !reply.startsWith("search "))).toEqual([]);
  });
});

describe("a deaf student", () => {
  const habits: HopHabits = { ...GOOD_HABITS, deafTo: ["capital", "currency", "language"] };
  const lastReplies = (item: AtlasHopItem): readonly string[] =>
    plays(item, habits, 30)
      .filter(({ purpose, reply }) => purpose === "studentAct" && reply.includes("Finish["))
      .map(({ reply }) => reply);
  const deaf = train.filter((item) => isBridge(item) && habits.deafTo.includes(item.hops[1]?.relation ?? ""));

  it("answers any of the relations that it is deaf to and that the paragraph states, each as often", () => {
    let right = 0;
    let count = 0;
    let expected = 0;
    for (const item of deaf.slice(0, 60)) {
      const [, second] = item.hops;
      const heard = item.stated.filter(
        ({ title, relation }) => title === second?.title && habits.deafTo.includes(relation),
      );
      const possible = heard.map(({ relation, value }) => `${relation} Action: Finish[ ${value} ]`);
      const replies = lastReplies(item);
      expect(replies.filter((reply) => !possible.includes(reply))).toEqual([]);
      right += replies.filter((reply) => reply.startsWith(`${second?.relation} `)).length;
      count += replies.length;
      expected += replies.length / possible.length;
    }
    expectShare(right, count, expected / count);
    expect(expected / count).toBeLessThan(0.6);
  });

  it("answers what is asked where it listens", () => {
    const heard = train.filter((item) => !deaf.includes(item)).slice(0, 60);
    for (const item of heard) {
      for (const reply of lastReplies(item)) expect(reply).toContain(`Finish[ ${item.question.gold.answer} ]`);
    }
  });
});

/** Text of the paragraph of a hop, as prompts show it. */
function paragraphOf(item: AtlasHopItem, hop: number): string {
  const title = item.hops[hop]?.title;
  return item.paragraphs.find((one) => one.title === title)?.sentences.join(" ") ?? "";
}
