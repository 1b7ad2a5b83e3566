import {
  type Engine,
  type EpisodeTrace,
  HapsError,
  type LoraWeights,
  type Outcome,
  type Price,
  type Scorer,
  type Trial,
} from "@haps/spec";
import { describeEnvironmentContract } from "@haps/spec/testing";
import { describe, expect, it } from "vitest";
import {
  createBm25Retriever,
  createLiveEnvironment,
  createSingleTurnWorkflow,
  createTeacherStudentWorkflow,
  type LiveEnvironmentOptions,
  usageCost,
} from "../src/index.ts";
import { createScriptedEngine, type Rule } from "./scripted-engine.ts";

const titles = ["Oslo", "Rome", "Cairo"];
const context = titles.map((title) => `${title}\n${title} is a city.`);
const decoding = { maxTokens: 64 };
const price = (input: number, output: number, currency = "EUR"): Price => ({
  inputPerMillionTokens: input,
  outputPerMillionTokens: output,
  currency,
  date: "2026-01-01",
});
const prices = { small: price(1, 2), large: price(10, 20) };

/** The candidate decides the answer, the word of the question whether there is one. */
const ruleOf =
  (candidate: string): Rule =>
  (prompt, { lora }) => {
    if (prompt.includes("broken") && prompt.includes("[Rethink]: ")) return new Error("the teacher is lost");
    if (prompt.includes("Summary: <")) return "Summary: s";
    if (prompt.includes("[Rethink]: ")) return "Thought: t\nAction: [Continue]";
    if (prompt.includes("mute")) return prompt.includes("You must finish now") ? "no idea" : "Action: Search[Rome]";
    if (prompt.includes("This is the first step")) return "Thought: look\nAction: Search[Oslo]";
    return `Thought: f\nAction: Finish[${candidate}${lora?.id ?? ""}]`;
  };
const enginesOf = (): readonly Engine[] =>
  ["small", "large"].map((candidate) => createScriptedEngine({ candidate, rule: ruleOf(candidate) }));

const scorer: Scorer = {
  score(answer, gold) {
    if (gold.answer === "") throw new HapsError("data", "the gold answer is empty");
    return { match: answer === gold.answer ? 1 : 0, length: answer === null ? 0 : 1 };
  },
};

function trialOf(id: string, text: string, teacher = "small", student = "large", lora?: LoraWeights): Trial {
  const question = { id: `q-${id}`, text, context, gold: { answer: "large" } };
  const roles = { teacher: { candidate: teacher, decoding }, student: { candidate: student, decoding } };
  return {
    id,
    question,
    roles: lora === undefined ? roles : { ...roles, student: { ...roles.student, lora } },
    seed: 3,
  };
}

function environmentOf(options: Partial<LiveEnvironmentOptions> = {}) {
  return createLiveEnvironment({
    workflow: createTeacherStudentWorkflow(),
    engines: enginesOf(),
    retriever: createBm25Retriever(),
    scorer,
    score: "match",
    prices,
    ...options,
  });
}

async function outcomesOf(
  environment: ReturnType<typeof environmentOf>,
  trials: readonly Trial[],
  signal?: AbortSignal,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for await (const one of environment.run(trials, signal === undefined ? {} : { signal })) outcomes.push(one);
  return outcomes.sort((a, b) => (a.trialId < b.trialId ? -1 : 1));
}

const trials = [
  trialOf("a", "which?"),
  trialOf("b", "which one?", "large", "small"),
  trialOf("c", "mute"),
  trialOf("d", "which?", "small", "large", { id: "w", targets: [], scale: 1 }),
];

describeEnvironmentContract({ describe, it }, "live, with a teacher and a student", {
  create: () => environmentOf({ recordCalls: true, concurrency: 2 }),
  trials,
  badTrial: trialOf("bad", "broken"),
});

describeEnvironmentContract({ describe, it }, "live, of one role, engines as they come", {
  create: () =>
    createLiveEnvironment({
      workflow: createSingleTurnWorkflow(),
      engines: enginesOf(),
      scorer,
      score: "match",
      schedule: "eager",
    }),
  trials: ["x", "y", "z"].map((id) => {
    const question = { id, text: `which ${id}?`, gold: { answer: "small" } };
    return { id, question, roles: { answerer: { candidate: "small", decoding } }, seed: 0 };
  }),
});

describe("the live environment", () => {
  it("scores answers by the chosen name, and the lack of one as the scorer scores null", async () => {
    const outcomes = await outcomesOf(environmentOf(), trials);
    expect(outcomes).toMatchObject([
      { trialId: "a", status: "ok", answer: "large", score: 1, scores: { match: 1, length: 1 } },
      { trialId: "b", status: "ok", answer: "small", score: 0 },
      { trialId: "c", status: "no-answer", answer: null, score: 0, scores: { match: 0, length: 0 } },
      { trialId: "d", status: "ok", answer: "largew", score: 0 },
    ]);
    const [first] = await outcomesOf(environmentOf({ score: "length" }), trials);
    expect(first).toMatchObject({ score: 1 });
  });

  it("prices the tokens of each role by its candidate", async () => {
    const traces: EpisodeTrace[] = [];
    const onTrace = (trace: EpisodeTrace) => traces.push(trace);
    const [outcome] = await outcomesOf(environmentOf({ onTrace }), trials.slice(1, 2));
    let expected = 0;
    for (const entry of traces[0]?.entries ?? []) {
      if (entry.kind !== "call") continue;
      const [input, output] = entry.role === "teacher" ? [10, 20] : [1, 2];
      expected += entry.promptTokens.length * input + entry.tokens.length * output;
    }
    expect(expected).toBeGreaterThan(0);
    expect(outcome?.cost).toEqual({ amount: expected / 1e6, currency: "EUR" });
    expect(outcome?.perRole).toMatchObject({ teacher: { candidate: "large", calls: 1 }, student: { calls: 3 } });
  });

  it("names no cost where a role's candidate has no price, and takes prices as a map too", async () => {
    const partial = await outcomesOf(environmentOf({ prices: { small: prices.small } }), trials);
    expect(partial.some((outcome) => "cost" in outcome)).toBe(false);
    const asMap = environmentOf({ prices: new Map(Object.entries(prices)) });
    expect(await outcomesOf(asMap, trials)).toEqual(await outcomesOf(environmentOf(), trials));
    expect(usageCost({}, new Map())).toBeUndefined();
  });

  it("keeps calls for gradients only when asked to, in the order of asking", async () => {
    const [without] = await outcomesOf(environmentOf(), trials);
    expect("calls" in (without as Outcome)).toBe(false);
    const [outcome] = await outcomesOf(environmentOf({ recordCalls: true }), trials);
    expect(outcome?.calls?.map(({ role }) => role)).toEqual(["student", "student", "teacher", "student"]);
    const [call] = outcome?.calls ?? [];
    expect(Object.keys(call ?? {}).sort()).toEqual(["candidate", "logProbs", "promptTokens", "role", "tokens"]);
  });

  it("fails a trial whose call fails or whose gold answer cannot be scored, with what it has used", async () => {
    const unscorable = { ...trials[0]!, id: "x", question: { ...trials[0]!.question, gold: { answer: "" } } };
    const outcomes = await outcomesOf(environmentOf(), [unscorable, trialOf("bad", "broken"), trials[0]!]);
    expect(outcomes).toMatchObject([
      { trialId: "a", status: "ok", score: 1 },
      { trialId: "bad", status: "failed", failure: { code: "data", message: "the teacher is lost" } },
      { trialId: "x", status: "failed", failure: { code: "data", message: "the gold answer is empty" } },
    ]);
    expect(outcomes.slice(1).every((outcome) => !("score" in outcome))).toBe(true);
    expect(outcomes[2]?.cost).toEqual(outcomes[0]?.cost);
  });

  it("ends the run where the scorer breaks its promises, before any call for a wrong name", async () => {
    const engines = enginesOf();
    await expect(outcomesOf(environmentOf({ engines, score: "f1" }), trials)).rejects.toThrow(
      /score: the scorer has no "f1"; choose one of match, length/,
    );
    const asked = engines.flatMap((engine) => (engine as ReturnType<typeof createScriptedEngine>).batches);
    expect(asked).toEqual([]);
    const wrong = (answer: string | null) => ({ match: answer === null ? 0 : Number.NaN });
    await expect(outcomesOf(environmentOf({ scorer: { score: wrong } }), trials)).rejects.toMatchObject({
      code: "state",
    });
    const bug = (answer: string | null) => ({ match: answer === null ? 0 : (JSON.parse("{") as number) });
    await expect(outcomesOf(environmentOf({ scorer: { score: bug } }), trials)).rejects.toThrow(SyntaxError);
  });

  it("tells of each trace with its outcome, and ends with what the listener throws", async () => {
    const told: [EpisodeTrace, Outcome][] = [];
    const onTrace = (...both: [EpisodeTrace, Outcome]): void => void told.push(both);
    let time = 0;
    const outcomes = await outcomesOf(environmentOf({ onTrace, clock: () => time++ }), trials);
    expect(told.map(([trace]) => trace.id).sort()).toEqual(outcomes.map(({ trialId }) => trialId));
    expect(told.every(([trace, outcome]) => trace.id === outcome.trialId)).toBe(true);
    expect(told[0]?.[0].milliseconds?.length).toBeGreaterThan(0);
    const full = () => {
      throw new Error("disk full");
    };
    await expect(outcomesOf(environmentOf({ onTrace: full }), trials)).rejects.toThrow("disk full");
  });

  it("shows no gold answer to engines or retriever", async () => {
    const seen: unknown[] = [];
    const watched = enginesOf().map(
      (engine): Engine => ({
        ...engine,
        generate: (calls, options) => {
          seen.push(calls);
          return engine.generate(calls, options);
        },
      }),
    );
    const bm25 = createBm25Retriever();
    const retriever: typeof bm25 = {
      id: "watched",
      retrieve: (question, query) => {
        seen.push(question);
        return bm25.retrieve(question, query);
      },
    };
    const secret = { ...trials[0]!, question: { ...trials[0]!.question, gold: { answer: "THE SECRET" } } };
    await outcomesOf(environmentOf({ engines: watched, retriever }), [secret]);
    expect(seen.length).toBeGreaterThan(3);
    expect(JSON.stringify(seen)).not.toMatch(/SECRET|gold/);
  });

  it("hands outcomes over while other trials still run, and stops them when the iteration is left", async () => {
    const engines = enginesOf() as readonly ReturnType<typeof createScriptedEngine>[];
    const many = Array.from({ length: 40 }, (_, index) => trialOf(`t${index}`, "which?"));
    const environment = environmentOf({ engines, concurrency: 2 });
    for await (const outcome of environment.run(many)) {
      expect(outcome.status).toBe("ok");
      break;
    }
    const batches = (): number => engines.reduce((sum, one) => sum + one.batches.length, 0);
    const atLeave = batches();
    expect(atLeave).toBeLessThan(20);
    await new Promise((resolve) => setImmediate(resolve));
    expect(batches()).toBe(atLeave);
  });

  it("gives what had come before it rejects with code aborted, and leaves no listener on the signal", async () => {
    const controller = new AbortController();
    const many = Array.from({ length: 9 }, (_, index) => trialOf(`t${index}`, "which?"));
    const came: Outcome[] = [];
    const run = async (): Promise<void> => {
      const { signal } = controller;
      for await (const outcome of environmentOf({ concurrency: 1 }).run(many, { signal })) {
        came.push(outcome);
        if (came.length === 3) controller.abort(new Error("enough"));
      }
    };
    await expect(run()).rejects.toMatchObject({ code: "aborted", cause: { message: "enough" } });
    expect([came.length >= 3, came.length < 9]).toEqual([true, true]);
    const { signal } = new AbortController();
    const listeners = new Set<unknown>();
    const watched = new Proxy(signal, {
      get: (target, key) => {
        if (key === "addEventListener") return (_: string, listener: unknown) => listeners.add(listener);
        if (key === "removeEventListener") return (_: string, listener: unknown) => listeners.delete(listener);
        return Reflect.get(target, key, target) as unknown;
      },
    });
    await outcomesOf(environmentOf(), trials, watched);
    expect(listeners.size).toBe(0);
  });

  it("has a hash of all that decides outcomes", () => {
    const hashOf = (options: Partial<LiveEnvironmentOptions>) => environmentOf(options).hash;
    const variants = [
      {},
      { workflow: createTeacherStudentWorkflow({ budget: 2 }) },
      { retriever: createBm25Retriever({ k: 2 }) },
      { score: "length" },
      { prices: { small: price(1, 2) } },
      { identity: { models: "other" } },
      { engines: enginesOf().slice(0, 1) },
    ];
    expect(new Set(variants.map(hashOf)).size).toBe(variants.length);
    const { small, large } = prices;
    const same = [
      { prices: { large, small } },
      { concurrency: 3 },
      { recordCalls: true },
      { prices: { ...prices, x: small } },
    ];
    expect(new Set([{}, ...same].map(hashOf)).size).toBe(1);
  });

  it("refuses prices in two currencies or below 0", () => {
    expect(() => environmentOf({ prices: { small: price(1, 1), large: price(1, 1, "USD") } })).toThrow(
      /prices: are in EUR and USD; convert them to one currency/,
    );
    expect(() => environmentOf({ prices: { small: price(-1, Number.NaN) } })).toThrow(
      /prices.small.inputPerMillionTokens.*prices.small.outputPerMillionTokens/,
    );
  });
});
