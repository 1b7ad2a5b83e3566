import { ConfigError, type Environment, HapsError, type Outcome, type Trial } from "@haps/spec";
import { describeEnvironmentContract, type EnvironmentContractOptions } from "@haps/spec/testing";
import { describe, expect, it } from "vitest";

const task = {
  id: "toy",
  description: "Echo.",
  roles: ["first", "second"].map((id) => ({ id, description: `The ${id} one.` })),
};

function trialOf(id: string, text: string): Trial {
  const player = { candidate: "echo", decoding: { maxTokens: 4 } };
  const question = { id, text, gold: { answer: "yes" } };
  return { id, question, roles: { first: player, second: player }, seed: 1 };
}

const trials = [trialOf("a", "yes"), trialOf("b", "no"), trialOf("c", "")];
const badTrial = trialOf("bad", "fail");

function check(given: readonly Trial[]): void {
  const issues = given.flatMap(({ id, roles, seed }, index) => {
    const twice = given.findIndex((other) => other.id === id) < index;
    return twice || seed < 0 || Object.keys(roles).sort().join() !== "first,second"
      ? [{ path: `trials.${index}`, message: "cannot run" }]
      : [];
  });
  if (issues.length > 0) throw new ConfigError("toy", issues);
  const strangers = given.flatMap(({ roles }) => Object.values(roles)).filter(({ candidate }) => candidate !== "echo");
  if (strangers.length > 0) throw new HapsError("unknown-candidate", "toy: it has only an echo");
}

function outcomeOf({ id, question: { text, gold } }: Trial): Outcome {
  const used = { candidate: "echo", calls: 1, inputTokens: text.length, outputTokens: 1 };
  const base = {
    trialId: id,
    perRole: { first: used, second: { ...used, calls: 0 } },
    cost: { amount: text.length, currency: "EUR" },
  };
  if (text === "fail") return { ...base, status: "failed", failure: { code: "data", message: "told to" } };
  const score = text === gold.answer ? 1 : 0;
  const ending =
    text === "" ? ({ status: "no-answer", answer: null } as const) : ({ status: "ok", answer: text } as const);
  return { ...base, ...ending, score, scores: { match: score, other: 0.5 } };
}

/** An environment that keeps every promise; `change` breaks one. */
function createToy(
  change: (outcome: Outcome, trial: Trial, of: number) => Outcome = (outcome) => outcome,
): Environment {
  return {
    task,
    hash: "0".repeat(64),
    async *run(given, { signal } = {}) {
      check(given);
      for (const trial of given) {
        await new Promise((resolve) => setImmediate(resolve));
        if (signal?.aborted === true) throw new HapsError("aborted", "toy: aborted by its signal");
        yield change(outcomeOf(trial), trial, given.length);
      }
      if (signal?.aborted === true) throw new HapsError("aborted", "toy: aborted by its signal");
    },
  };
}

type Make = () => Environment;
const running =
  (run: (inner: Environment, ...given: Parameters<Environment["run"]>) => AsyncIterable<Outcome>): Make =>
  () => {
    const inner = createToy();
    return { ...inner, run: (...given) => run(inner, ...given) };
  };
const changing =
  (change: Parameters<typeof createToy>[0]): Make =>
  () =>
    createToy(change);

let made = 0;
/** One deliberately broken environment per promise, by the promise that must catch it. */
const broken: Readonly<Record<string, Make>> = {
  "has a hash that says what it is, the same when it is made again": () => {
    made += 1;
    return { ...createToy(), hash: String(made).padStart(64, "0") };
  },
  "gives one outcome for every trial": running(async function* (inner, given, options) {
    for await (const outcome of inner.run(given, options)) if (outcome.trialId !== "b") yield outcome;
  }),
  "scores outcomes from 0 to 1, by name": changing((outcome) => ({ ...outcome, score: 2 }) as Outcome),
  "says who played each role, and what it used": changing((outcome) => {
    const { second: _, ...perRole } = outcome.perRole;
    return { ...outcome, perRole };
  }),
  "names costs in one currency, none below 0": changing((outcome, { id }) => ({
    ...outcome,
    cost: { amount: 1, currency: id },
  })),
  "lets a trial that fails stand alone, without a score": changing((outcome) =>
    outcome.status === "failed"
      ? { ...outcome, status: "no-answer", answer: null, score: 0, scores: { match: 0, other: 0 } }
      : outcome,
  ),
  "leaves trials untouched": running((inner, given, options) => {
    for (const trial of given) Object.assign(trial.question, { seen: true });
    return inner.run(given, options);
  }),
  "gives equal trials equal outcomes, alone, among others and in any order": changing((outcome, _, of) => ({
    ...outcome,
    cost: { amount: of, currency: "EUR" },
  })),
  "answers without looking at the gold answer": changing((outcome, { question }) =>
    outcome.status === "ok" ? { ...outcome, answer: question.gold.answer } : outcome,
  ),
  "stops with code aborted when its signal fires, before or meanwhile": running((inner, given) => inner.run(given)),
  "goes on after an iteration that was left early": () => {
    const inner = createToy();
    let isBusy = false;
    return {
      ...inner,
      async *run(...given) {
        if (isBusy) throw new HapsError("state", "toy: it is busy");
        isBusy = true;
        yield* inner.run(...given);
        isBusy = false;
      },
    };
  },
  "refuses trials that cannot run, before any of them does": running(async function* (inner, given, options) {
    for (const trial of given) yield* inner.run([trial], options);
    if (options?.signal?.aborted === true) throw new HapsError("aborted", "toy: aborted by its signal");
  }),
};

/** Runs a suite outside of vitest: the names of the promises, and why those that were broken failed. */
async function failuresOf(
  create: Make,
  options: Partial<EnvironmentContractOptions> = {},
): Promise<{ names: string[]; failures: Map<string, string> }> {
  const cases: { name: string; body: () => Promise<void> }[] = [];
  const runner = {
    describe: (_: string, body: () => void) => body(),
    it: (name: string, body: () => Promise<void>) => cases.push({ name, body }),
  };
  describeEnvironmentContract(runner, "broken", { create, trials: structuredClone(trials), badTrial, ...options });
  const failures = new Map<string, string>();
  for (const { name, body } of cases) {
    await body().catch((error: Error) => failures.set(name, error.message));
  }
  return { names: cases.map(({ name }) => name), failures };
}

describeEnvironmentContract({ describe, it }, "a toy", { create: () => createToy(), trials, badTrial });

describe("describeEnvironmentContract", () => {
  it("has a broken environment for every promise", async () => {
    const { names, failures } = await failuresOf(() => createToy());
    expect(failures).toEqual(new Map());
    expect(Object.keys(broken).sort()).toEqual([...names].sort());
  });

  it.each(Object.entries(broken))("fails an environment that breaks: %s", async (promise, create) => {
    const { failures } = await failuresOf(create);
    expect([...failures.keys()]).toContain(promise);
    expect(failures.get(promise)).toMatch(/^environment contract: |^Cannot (assign|add)|^toy: it is busy/);
  });

  it("asks for no equal outcomes where none are promised, and for no failure where none is given", async () => {
    let count = 0;
    const create = changing((outcome) => {
      count += 1;
      return { ...outcome, cost: { amount: count, currency: "EUR" } };
    });
    const { names, failures } = await failuresOf(create, { deterministic: false });
    expect(failures).toEqual(new Map());
    expect(names.length).toBe(Object.keys(broken).length - 2);
  });
});
