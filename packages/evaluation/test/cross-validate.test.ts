import { type CrossValidationEvent, crossValidate, planJobs } from "@haps/evaluation";
import { describe, expect, it } from "vitest";
import { foldsOf, ruleFactory, tableOf } from "./fixture.ts";

const table = tableOf(["q0", "q1", "q2", "q3"].map((id) => ({ id, scores: [1, 0], costs: [1, 2] })));
const seeds = [4, 5].map((seed) => ({ seed, folds: foldsOf(table, 2, seed) }));
const first = ruleFactory("first", () => 0);
const second = ruleFactory("second", () => 1);

describe("crossValidate", () => {
  it("runs every method in every fold of every seed, in the order of the plan", async () => {
    const records = await crossValidate({ table, seeds, factories: [second, first] });
    const plan = planJobs(seeds, ["second", "first"]);
    expect(plan).toHaveLength(8);
    expect(records.map(({ method, seed, fold }) => ({ method, seed, fold }))).toEqual(
      plan.map(({ method, seed, fold }) => ({ method, seed, fold })),
    );
    expect(
      records
        .filter(({ method, seed }) => method === "first" && seed === 4)
        .flatMap(({ questions }) => questions)
        .sort(),
    ).toEqual(table.rows.map(({ question }) => question.id));
  });

  it("does not run completed jobs again and ends in the same records", async () => {
    let fits = 0;
    const counting = {
      ...first,
      createRouter: (context: never) => {
        fits += 1;
        return first.createRouter(context);
      },
    };
    const whole = await crossValidate({ table, seeds, factories: [counting] });
    const events: CrossValidationEvent[] = [];
    const resumed = await crossValidate({
      table,
      seeds,
      factories: [counting],
      completed: whole.slice(0, 3),
      onEvent: (event) => events.push(event),
    });
    expect(fits).toBe(5);
    expect(JSON.stringify(resumed)).toBe(JSON.stringify(whole));
    const ends = events.flatMap((event) => (event.type === "job-end" ? [event.kept] : []));
    expect(ends).toEqual([true, true, true, false]);
    expect(events.filter(({ type }) => type === "job-start")).toHaveLength(1);
  });

  it("refuses completed jobs of another evaluation", async () => {
    const completed = await crossValidate({ table, seeds, factories: [first] });
    const run = (more: object) => crossValidate({ table, seeds, factories: [first], completed, ...more });
    await expect(run({ costWeights: [0, 1] })).rejects.toMatchObject({ code: "config" });
    await expect(run({ table: { ...table, hash: "other" } })).rejects.toThrow(/fresh run folder/);
  });

  it("refuses two methods of one name and folds that do not test every row once", async () => {
    await expect(crossValidate({ table, seeds, factories: [first, first] })).rejects.toThrow(/two methods/);
    const folds = [{ train: [0, 1], test: [2] }];
    await expect(crossValidate({ table, seeds: [{ seed: 0, folds }], factories: [first] })).rejects.toMatchObject({
      code: "data",
      facts: { row: 0, times: 0 },
    });
  });

  it("stops between jobs at an abort", async () => {
    const controller = new AbortController();
    const done: string[] = [];
    const run = crossValidate({
      table,
      seeds,
      factories: [first],
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type !== "job-end") return;
        done.push(event.job.name);
        if (done.length === 2) controller.abort(new Error("enough"));
      },
    });
    await expect(run).rejects.toThrow("enough");
    expect(done).toHaveLength(2);
  });
});
