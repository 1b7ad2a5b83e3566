import { setTimeout } from "node:timers/promises";
import { type Engine, type EpisodeTrace, HapsError, type LoraWeights, type Retriever, type Workflow } from "@haps/spec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createBm25Retriever,
  createSingleTurnWorkflow,
  createTeacherStudentWorkflow,
  type EpisodeRequest,
  type RunEvent,
  replayEpisode,
  repliesOf,
  runEpisodes,
  traceUsage,
} from "../src/index.ts";
import { createScriptedEngine, type Rule } from "./scripted-engine.ts";

const decoding = { maxTokens: 64, temperature: 1 };
const titles = ["Oslo", "Rome", "Cairo"];
const context = titles.map((title) => `${title}\n${title} is a city.`);
const workflow = createTeacherStudentWorkflow();
const retriever = createBm25Retriever();

/** Searches as often as the question's number says, then finishes; which title is up to the seed of the call. */
const rule: Rule = (prompt, { seed, lora }) => {
  if (prompt.includes("Summary: <")) return `Summary: s${seed % 97}`;
  if (prompt.includes("[Rethink]: ")) return `Thought: t${seed % 89}\nAction: [Continue]`;
  const wanted = Number(/question (\d)/.exec(prompt)?.[1] ?? "0");
  const left = prompt.includes("You must finish now");
  const isFirst = prompt.includes("This is the first step");
  if (left || (wanted === 1 && !isFirst) || wanted === 0)
    return `Thought: f\nAction: Finish[a${seed % 83}${lora?.id ?? ""}]`;
  return `Thought: s${seed % 79}\nAction: Search[${titles[seed % 3]}]`;
};

function requestsOf(count: number, lora?: LoraWeights): readonly EpisodeRequest[] {
  return Array.from({ length: count }, (_, index) => {
    const [teacher, student] = index % 2 === 0 ? ["small", "large"] : ["large", "small"];
    const player = (candidate = "") => ({ candidate, decoding, ...(lora === undefined ? {} : { lora }) });
    return {
      id: `e${index}`,
      question: { id: `q${index % 3}`, text: `question ${index % 3}`, context },
      roles: { teacher: player(teacher), student: player(student) },
      seed: index,
    };
  });
}

const enginesOf = (delays: readonly number[] = [], of: Rule = rule) =>
  ["small", "large"].map((candidate, place) =>
    createScriptedEngine({
      candidate,
      rule: of,
      ...(delays.length === 0 ? {} : { delay: (batch) => delays[(batch * 2 + place) % delays.length] ?? 0 }),
    }),
  );

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error("it did not reject");
    },
    (error: unknown) => error,
  );
}

describe("running episodes", () => {
  test("batches the calls of all episodes by candidate, each round in the order of requests", async () => {
    const engines = enginesOf();
    const traces = await runEpisodes(requestsOf(300), { workflow, engines, retriever, concurrency: 300 });
    expect(traces.map(({ id }) => id)).toEqual(requestsOf(300).map(({ id }) => id));
    expect(new Set(traces.map(({ end }) => end.status))).toEqual(new Set(["ok"]));
    const calls = traces.flatMap(({ entries }) => entries.filter(({ kind }) => kind === "call"));
    // The longest episode has 9 rounds of calls; both candidates take part in each.
    expect(engines.map(({ batches }) => batches.length)).toEqual([9, 9]);
    expect(engines.flatMap(({ batches }) => batches.flat()).length).toBe(calls.length);
    expect(engines[0]?.batches[0]?.length).toBe(150);
  });

  test("gives each call the decoding, weights and seed of its role and place", async () => {
    const lora: LoraWeights = { id: "w", targets: [], scale: 1 };
    const [request] = requestsOf(1);
    const roles = {
      teacher: { candidate: "small", decoding: { maxTokens: 8 } },
      student: { candidate: "large", decoding: { maxTokens: 999, temperature: 0.5 }, lora },
    };
    const engines = enginesOf();
    const question = { id: "q", text: "question 2", context };
    const [trace] = await runEpisodes([{ ...request!, question, roles }], { workflow, engines, retriever });
    const [teacher, student] = engines.map(({ batches }) => batches.flat());
    expect(teacher?.every((call) => call.decoding.maxTokens === 8 && call.lora === undefined)).toBe(true);
    expect(student?.every((call) => call.decoding.maxTokens === 256 && call.lora === lora)).toBe(true);
    expect(student?.[0]?.decoding.temperature).toBe(0.5);
    const seeds = [...teacher!, ...student!].map(({ seed }) => seed);
    expect(new Set(seeds).size).toBe(12);
    expect(trace?.roles).toEqual({
      teacher: { candidate: "small", decoding: { maxTokens: 8 } },
      student: { candidate: "large", decoding: { maxTokens: 999, temperature: 0.5 }, lora: "w" },
    });
  });

  test("records everything, as JSON, with records that gradients can be taken of", async () => {
    const clock = counting();
    const [trace] = await runEpisodes(requestsOf(2).slice(1), { workflow, engines: enginesOf(), retriever, clock });
    expect(JSON.parse(JSON.stringify(trace))).toEqual(trace);
    expect(trace?.entries.map((entry) => (entry.kind === "call" ? entry.purpose : entry.kind))).toEqual([
      "studentAct",
      "retrieval",
      "studentSummary",
      "teacherAct",
      "studentAct",
    ]);
    const [act, search] = trace!.entries;
    expect(act).toMatchObject({ role: "student", candidate: "small", finishReason: "eos" });
    if (act?.kind !== "call") throw new Error("the first entry is no call");
    expect(String.fromCodePoint(...act.tokens)).toBe(act.text);
    expect(act.logProbs?.full.length).toBe(act.tokens.length);
    expect(search).toMatchObject({ paragraphs: [{ title: expect.any(String) }] });
    expect(trace?.milliseconds?.length).toBe(5);
    expect(trace?.milliseconds?.every((time) => time > 0)).toBe(true);
    const usage = traceUsage(trace!);
    expect(usage.student).toMatchObject({ candidate: "small", calls: 3 });
    expect(usage.teacher).toMatchObject({ candidate: "large", calls: 1, outputTokens: expect.any(Number) });
  });

  test("is brought back by the replies of its trace", async () => {
    const traces = await runEpisodes(requestsOf(6), { workflow, engines: enginesOf(), retriever });
    for (const trace of traces) {
      const { question } = requestsOf(6).find(({ id }) => id === trace.id)!;
      const { step, rest } = replayEpisode(workflow.start(question), repliesOf(trace));
      expect(rest).toEqual([]);
      expect(step).toMatchObject({ kind: "done", answer: trace.end.status === "ok" ? trace.end.answer : null });
    }
  });

  test("does not depend on the order in which engines answer, on the schedule, nor on how many run side by side", async () => {
    const requests = requestsOf(9);
    const expected = await runEpisodes(requests, { workflow, engines: enginesOf(), retriever });
    const property = fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 7, maxLength: 7 }),
      fc.constantFrom("rounds" as const, "eager" as const),
      fc.integer({ min: 1, max: 12 }),
      async (delays, schedule, concurrency) => {
        const engines = enginesOf(delays);
        expect(await runEpisodes(requests, { workflow, engines, retriever, schedule, concurrency })).toEqual(expected);
      },
    );
    await fc.assert(property, { seed: 43, numRuns: 12 });
  });

  test("in rounds, fills batches the same whatever the time that engines take", async () => {
    const batchesOf = async (delays: readonly number[]) => {
      const engines = enginesOf(delays);
      await runEpisodes(requestsOf(20), { workflow, engines, retriever, concurrency: 5 });
      return engines.map(({ batches }) => batches.map((calls) => calls.map(({ seed }) => seed)));
    };
    expect(await batchesOf([3, 0, 1, 2])).toEqual(await batchesOf([0, 2, 0, 3, 1]));
  });

  test("in rounds, hands batches over in the order of requests, whatever the time that searches take", async () => {
    const batchesOf = async (delays: readonly number[]) => {
      let count = 0;
      const slow: Retriever = {
        id: "slow",
        retrieve: async (question, query) => {
          await setTimeout(delays[count++ % delays.length]);
          return retriever.retrieve(question, query);
        },
      };
      const engines = enginesOf();
      await runEpisodes(requestsOf(20), { workflow, engines, retriever: slow });
      return engines.map(({ batches }) => batches.map((calls) => calls.map(({ seed }) => seed)));
    };
    expect(await batchesOf([9, 0, 6, 3])).toEqual(await batchesOf([0]));
  });

  test("eagerly, lets an idle engine go on while another is at work", async () => {
    const engines = enginesOf([0, 12]);
    await runEpisodes(requestsOf(8), { workflow, engines, retriever, schedule: "eager" });
    const inRounds = enginesOf();
    await runEpisodes(requestsOf(8), { workflow, engines: inRounds, retriever });
    expect(engines[0]!.batches.length).toBeGreaterThan(inRounds[0]!.batches.length);
  });

  test("lets one failed call fail its own episode only, never as an answer", async () => {
    const failing: Rule = (prompt, call) =>
      prompt.includes("question 1") && prompt.includes("[Rethink]: ") ? new Error("too long") : rule(prompt, call);
    const traces = await runEpisodes(requestsOf(6), { workflow, engines: enginesOf([], failing), retriever });
    expect(traces.map(({ end }) => end.status)).toEqual(["ok", "failed", "ok", "ok", "failed", "ok"]);
    expect(traces[1]?.end).toEqual({ status: "failed", failure: { code: "data", message: "too long" } });
    // What was asked beside it is kept.
    expect(traces[1]?.entries.map(({ kind }) => kind)).toEqual(["call", "retrieval", "call", "failed-call"]);
    expect(repliesOf(traces[1]!).length).toBe(3);
    expect(traces[0]).toEqual((await runEpisodes(requestsOf(1), { workflow, engines: enginesOf(), retriever }))[0]);
  });

  test("fails the calls of a batch that is rejected as a whole", async () => {
    const [small, large] = enginesOf();
    const broken = { ...large!, generate: () => Promise.reject(new Error("connection lost")) };
    const traces = await runEpisodes(requestsOf(3), { workflow, engines: [small!, broken], retriever });
    expect(traces.map(({ end }) => end.status)).toEqual(["failed", "failed", "failed"]);
    expect(traces[0]?.end).toMatchObject({ failure: { code: "state", message: "connection lost" } });
  });

  test("fails an episode whose search fails, and all that search without a retriever", async () => {
    const down = { id: "down", retrieve: () => Promise.reject(new HapsError("data", "no such index")) };
    const traces = await runEpisodes(requestsOf(3), { workflow, engines: enginesOf(), retriever: down });
    expect(traces.map(({ end }) => end.status)).toEqual(["ok", "failed", "failed"]);
    expect(traces[1]?.entries.at(-1)).toMatchObject({
      kind: "failed-retrieval",
      failure: { message: "no such index" },
    });
    const [, without] = await runEpisodes(requestsOf(2), { workflow, engines: enginesOf() });
    expect(without?.end).toMatchObject({ status: "failed", failure: { code: "config" } });
  });

  test("fails an episode whose workflow breaks its promises", async () => {
    const broken = (effects: readonly { kind: "call"; role: string; purpose: string; prompt: { text: string } }[]) =>
      ({ ...createSingleTurnWorkflow(), start: () => ({ next: () => ({ kind: "ask", effects }) }) }) as Workflow;
    const roles = { answerer: { candidate: "small", decoding } };
    const requests = [{ ...requestsOf(1)[0]!, roles }];
    const [empty] = await runEpisodes(requests, { workflow: broken([]), engines: enginesOf() });
    expect(empty?.end).toMatchObject({ status: "failed", failure: { code: "state" } });
    const stranger = broken([{ kind: "call", role: "stranger", purpose: "p", prompt: { text: "" } }]);
    const [other] = await runEpisodes(requests, { workflow: stranger, engines: enginesOf() });
    expect(other?.end).toMatchObject({ failure: { message: expect.stringContaining('"stranger"') } });
  });

  test("tells what happens, every trace once and at once", async () => {
    const events: RunEvent[] = [];
    const options = { workflow, engines: enginesOf(), retriever, clock: counting() };
    const traces = await runEpisodes(requestsOf(6), { ...options, onEvent: (event) => events.push(event) });
    const ends = events.flatMap((event) => (event.type === "episode-end" ? [event] : []));
    expect(ends.map(({ done, total }) => [done, total])).toEqual([1, 2, 3, 4, 5, 6].map((done) => [done, 6]));
    expect(new Set(ends.map(({ trace }) => trace))).toEqual(new Set(traces));
    const starts = events.filter(({ type }) => type === "batch-start");
    const batchEnds = events.flatMap((event) => (event.type === "batch-end" ? [event] : []));
    expect(batchEnds.length).toBe(starts.length);
    expect(batchEnds.every(({ failed, milliseconds = 0 }) => failed === 0 && milliseconds > 0)).toBe(true);
  });
});

describe("a run that cannot go on", () => {
  test("rejects when its signal fires, with what had ended told before", async () => {
    const controller = new AbortController();
    const ended: EpisodeTrace[] = [];
    const onEvent = (event: RunEvent): void => {
      if (event.type !== "episode-end") return;
      ended.push(event.trace);
      controller.abort(new Error("enough"));
    };
    const options = { workflow, retriever, onEvent, signal: controller.signal };
    const error = await rejection(runEpisodes(requestsOf(9), { ...options, engines: enginesOf([1]) }));
    expect(error).toMatchObject({
      code: "aborted",
      facts: { total: 9 },
      cause: expect.objectContaining({ message: "enough" }),
    });
    expect(ended.length).toBeGreaterThan(0);
    expect(ended.every(({ end }) => end.status === "ok")).toBe(true);
  });

  test("rejects while engines or searches are under way, and records no failure for it", async () => {
    const ended: RunEvent[] = [];
    const onEvent = (event: RunEvent): void => {
      if (event.type === "episode-end") ended.push(event);
    };
    const slow = { workflow, retriever, engines: enginesOf([10_000]), onEvent, signal: AbortSignal.timeout(5) };
    expect(await rejection(runEpisodes(requestsOf(4), slow))).toMatchObject({ code: "aborted" });
    const controller = new AbortController();
    const searching = {
      id: "slow",
      retrieve: async (_: unknown, __: string, { signal }: { signal?: AbortSignal } = {}) => {
        queueMicrotask(() => controller.abort());
        await new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("stopped"))));
        return [];
      },
    };
    const requests = requestsOf(2).slice(1);
    const options = { workflow, retriever: searching, engines: enginesOf(), onEvent, signal: controller.signal };
    expect(await rejection(runEpisodes(requests, options))).toMatchObject({ code: "aborted" });
    expect(ended).toEqual([]);
  });

  test("asks no engine when the signal has fired before", async () => {
    const engines = enginesOf();
    const options = { workflow, retriever, engines, signal: AbortSignal.abort() };
    expect(await rejection(runEpisodes(requestsOf(2), options))).toMatchObject({ code: "aborted" });
    expect(engines.flatMap(({ batches }) => batches)).toEqual([]);
    expect(await rejection(runEpisodes([], options))).toMatchObject({ code: "aborted" });
    expect(await runEpisodes([], { workflow, engines })).toEqual([]);
  });

  test("rejects when an engine is gone, answers too few calls, or the listener throws", async () => {
    for (const schedule of ["rounds", "eager"] as const) {
      const [small, large] = enginesOf([1]);
      const gone = { ...large!, generate: () => Promise.reject(new HapsError("disposed", "gone")) };
      const options = { workflow, retriever, schedule };
      const run = (other: Engine) => rejection(runEpisodes(requestsOf(4), { ...options, engines: [small!, other] }));
      expect(await run(gone)).toMatchObject({ code: "disposed" });
      expect(await run({ ...large!, generate: async () => [] })).toMatchObject({ code: "state" });
      const onEvent = (): void => {
        throw new Error("disk full");
      };
      const listened = runEpisodes(requestsOf(4), { ...options, engines: enginesOf([1]), onEvent });
      expect(await rejection(listened)).toMatchObject({ message: "disk full" });
    }
  });

  test("is refused before any call: roles, candidates, weights, ids, seeds, engines", async () => {
    const [request] = requestsOf(1);
    const engines = enginesOf();
    const run = (requests: readonly EpisodeRequest[], others = engines) =>
      rejection(runEpisodes(requests, { workflow, engines: others, retriever }));
    const player = { candidate: "small", decoding };
    const wrong = { ...request!, seed: -1, roles: { student: player, pupil: player } };
    expect(await run([request!, wrong])).toMatchObject({
      issues: ["1.id", "1.seed", "1.roles", "1.roles.pupil"].map((path) => ({ path: `requests.${path}` })),
    });
    const unknown = { ...request!, roles: { teacher: player, student: { candidate: "huge", decoding } } };
    expect(await run([unknown])).toMatchObject({ code: "unknown-candidate", facts: { candidate: "huge" } });
    const closed = ["small", "large"].map((candidate) => createScriptedEngine({ candidate, rule, lora: "none" }));
    expect(await run(requestsOf(1, { id: "w", targets: [], scale: 1 }), closed)).toMatchObject({ code: "config" });
    expect(await run([request!], [engines[0]!, engines[0]!])).toMatchObject({ code: "config" });
    expect(engines.flatMap(({ batches }) => batches)).toEqual([]);
    const none = runEpisodes([request!], { workflow, engines, retriever, concurrency: 0 });
    expect(await rejection(none)).toMatchObject({ code: "config" });
  });
});

/** A clock that goes on by one at each look. */
function counting(): () => number {
  let time = 0;
  return () => {
    time += 1;
    return time;
  };
}
