import { type JobInput, jobName, parseJobRecord, runJob } from "@haps/evaluation";
import {
  armKey,
  ConfigError,
  type FitContext,
  type RouterFactory,
  type RoutingRequest,
  singleRoleArm,
} from "@haps/spec";
import { describe, expect, it } from "vitest";
import { decisionFor, ruleFactory, tableOf } from "./fixture.ts";

const table = tableOf(
  ["q3", "q0", "q5", "q1", "q4", "q2"].map((id, index) => ({
    id,
    label: `secret label of ${id}`,
    scores: [index / 10, 1 - index / 10],
    costs: [1, 2],
  })),
);
const fold = { train: [0, 1, 2, 3], test: [5, 4] };
const job = (factory: RouterFactory, more: Partial<JobInput> = {}): JobInput => ({
  table,
  fold,
  foldNumber: 2,
  seed: 9,
  factory,
  ...more,
});

/** Chooses by the text alone and keeps everything it was given. */
function spy(): { factory: RouterFactory; seen: unknown[] } {
  const seen: unknown[] = [];
  const factory = ruleFactory("spy", (request: RoutingRequest, context: FitContext) => {
    seen.push(request, context.training, context.task, context.pool);
    return request.question.text.length % 2;
  });
  return { factory, seen };
}

describe("runJob", () => {
  it("records the choices in the order of the ids, with everything needed to place them", async () => {
    const record = await runJob(job(ruleFactory("rule", ({ question }) => (question.id === "q2" ? 1 : 0))));
    expect(record).toEqual({
      schemaVersion: 1,
      method: "rule",
      privileged: false,
      seed: 9,
      fold: 2,
      tableHash: "fixture",
      trainingRows: 4,
      questions: ["q2", "q4"],
      costWeights: [0],
      choices: [[1, 0]],
      warnings: [],
    });
    expect(parseJobRecord(JSON.parse(JSON.stringify(record)))).toEqual(record);
  });

  it("shows a router training rows and bare questions: no label, split, gold or evaluation outcome", async () => {
    const leaky = {
      ...table,
      rows: table.rows.map((row) => ({
        ...row,
        question: { ...row.question, gold: "secret gold", exam: "secret exam" },
      })),
    };
    const { factory, seen } = spy();
    await runJob(job(factory, { table: leaky, labelOf: () => "secret label" }));
    expect(seen.length).toBeGreaterThan(0);
    expect(JSON.stringify(seen)).not.toMatch(/secret|"split"/);
    const training = seen[1] as FitContext["training"];
    expect(training.rows.map(({ question }) => question.id)).toEqual(["q0", "q1", "q3", "q5"]);
    expect([...training.score]).toEqual([0.1, 0.9, 0.3, 0.7, 0, 1, 0.2, 0.8]);
  });

  it("shows a router no name or warning of the data set, when fitted and when asked", async () => {
    const named = { ...table, id: "secret set", task: { ...table.task, id: "secret task" }, warnings: ["secret set"] };
    const { factory, seen } = spy();
    const record = await runJob(job(factory, { table: named }));
    expect(JSON.stringify(seen)).not.toMatch(/secret/);
    const [request, training] = seen as [RoutingRequest, FitContext["training"]];
    expect(request.task).toEqual(training.task);
    expect([request.task?.id, training.id, training.warnings]).toEqual(["task", "training", []]);
    expect([training.hash, record.tableHash]).toEqual(["fixture", "fixture"]);
  });

  it("refuses a log before any fit", async () => {
    const { factory, seen } = spy();
    const log = { ...table, score: table.score.map((score, cell) => (cell % 2 === 0 ? score : Number.NaN)) };
    await expect(runJob(job(factory, { table: log }))).rejects.toMatchObject({
      code: "data",
      facts: { oneArmShare: 1, propensity: false },
    });
    expect(seen).toEqual([]);
  });

  it("gives the same bytes with and without labels", async () => {
    const bare = {
      ...table,
      rows: table.rows.map(({ question, group }) => ({
        question: { id: question.id, text: question.text },
        group,
        labels: {},
      })),
    };
    const withLabels = await runJob(job(spy().factory, { labelOf: () => "label" }));
    const without = await runJob(job(spy().factory, { table: bare }));
    expect(JSON.stringify(withLabels)).toBe(JSON.stringify(without));
  });

  it("marks a router privileged when it says so, or when it asks for a label", async () => {
    const asking = ruleFactory("asking", ({ question }, context) => (context.labelOf?.(question.id) === "a" ? 0 : 1));
    const honest = ruleFactory("honest", () => 0, { privileged: true });
    const blind = ruleFactory("blind", () => 0);
    const privileged = async (factory: RouterFactory) =>
      (await runJob(job(factory, { labelOf: () => "a" }))).privileged;
    expect([await privileged(asking), await privileged(honest), await privileged(blind)]).toEqual([true, true, false]);
    expect((await runJob(job(asking))).privileged).toBe(true);
  });

  it("asks at every cost weight, in the order given", async () => {
    const factory = ruleFactory("rule", ({ costWeight }) => (costWeight === 0 ? 1 : 0));
    const { costWeights, choices } = await runJob(job(factory, { costWeights: [1, 0, 0.5] }));
    expect(costWeights).toEqual([1, 0, 0.5]);
    expect(choices).toEqual([
      [0, 0],
      [1, 1],
      [0, 0],
    ]);
  });

  it("writes -1 for an arm that the table does not have", async () => {
    const factory: RouterFactory = {
      id: "warm",
      createRouter: async () => ({
        contractVersion: 1,
        id: "warm",
        route: async (requests) =>
          requests.map(({ question }) => decisionFor(question, singleRoleArm("a", { temperature: 0.7 }))),
        dispose: () => undefined,
      }),
    };
    expect((await runJob(job(factory))).choices).toEqual([[-1, -1]]);
    expect(table.arms.map(armKey)).not.toContain(armKey(singleRoleArm("a", { temperature: 0.7 })));
  });

  it("keeps each warning of the fit once and passes events on", async () => {
    const events: unknown[] = [];
    const rule = ruleFactory("rule", () => 0);
    const factory: RouterFactory = {
      id: "rule",
      createRouter: (context) => {
        for (const message of ["few rows", "few rows", "no costs"]) {
          context.onEvent?.({ type: "warning", code: "data", message });
        }
        context.onEvent?.({ type: "fit-step", phase: "fit", step: 1, steps: 1 });
        return rule.createRouter(context);
      },
    };
    const { warnings } = await runJob(job(factory, { onEvent: (event) => events.push(event) }));
    expect(warnings.map(({ message }) => message)).toEqual(["few rows", "no costs"]);
    expect(events).toHaveLength(4);
  });

  it("disposes the router, also after an error", async () => {
    let disposed = 0;
    const options = { onDispose: () => (disposed += 1) };
    await runJob(job(ruleFactory("fine", () => 0, options)));
    const broken = ruleFactory(
      "broken",
      () => {
        throw new Error("no idea");
      },
      options,
    );
    await expect(runJob(job(broken))).rejects.toThrow("no idea");
    expect(disposed).toBe(2);
  });

  it("stops at an abort", async () => {
    const reason = new Error("enough");
    await expect(runJob(job(spy().factory, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
  });

  it("refuses a router that breaks its contract", async () => {
    const answering = (answer: (requests: readonly RoutingRequest[]) => unknown[]): RouterFactory => ({
      id: "odd",
      createRouter: async () => ({
        contractVersion: 1,
        id: "odd",
        route: async (requests) => answer(requests) as never,
        dispose: () => undefined,
      }),
    });
    const own = (requests: readonly RoutingRequest[], candidate = "a") =>
      requests.map(({ question }) => decisionFor(question, singleRoleArm(candidate)));
    const run = (factory: RouterFactory) => runJob(job(factory));
    await expect(run(answering((all) => own(all).slice(1)))).rejects.toMatchObject({
      code: "state",
      facts: { decisions: 1 },
    });
    await expect(run(answering((all) => own(all).reverse()))).rejects.toMatchObject({
      code: "state",
      facts: { got: "q4" },
    });
    await expect(run(answering((all) => own(all, "z")))).rejects.toThrowErrorMatchingInlineSnapshot(
      `[HapsError: runJob: router "odd" chose "z", which is not in the pool; expected one of a, b; choose from the request's pool]`,
    );
  });

  it("refuses a fold with one text on both sides, and an empty side", async () => {
    const twins = tableOf(["q0", "q1"].map((id) => ({ id, group: "same", scores: [1, 0] })));
    const run = (train: number[], test: number[]) =>
      runJob(job(spy().factory, { table: twins, fold: { train, test } }));
    await expect(run([0], [1])).rejects.toMatchObject({ code: "data", facts: { row: 1, group: "same" } });
    await expect(run([], [1])).rejects.toThrow(/empty side/);
    await expect(run([0], [7])).rejects.toThrow(/row 7 is not in the table/);
  });
});

describe("job records", () => {
  it("are named so that the name can be a file", () => {
    expect(jobName({ method: "haps", seed: 1, fold: 0 })).toBe("haps.seed-1.fold-0");
    expect(jobName({ method: "my/router é", seed: 0, fold: 3 })).toBe("my%2frouter%20%e9.seed-0.fold-3");
  });

  it("are refused with the field that is wrong", () => {
    expect(() => parseJobRecord({ schemaVersion: 1, method: "haps" })).toThrow(ConfigError);
    expect(() => parseJobRecord({ schemaVersion: 1, choises: [] })).toThrow(/did you mean "choices"/);
  });
});
