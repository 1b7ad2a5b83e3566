import {
  createBestSingleRouterFactory,
  createCheapestRouterFactory,
  createRandomRouterFactory,
  createTaskTableRouterFactory,
} from "@haps/baselines";
import { describe, expect, it } from "vitest";
import { ask, chosenArm, contextOf, decide, tableOf } from "./fixture.ts";

const NONE = Number.NaN;

describe("createRandomRouterFactory", () => {
  const table = tableOf({ scores: [[1, 0, 0, 0]] });

  it("draws every legal arm about equally often", async () => {
    const requests = Array.from({ length: 3000 }, (_, index) =>
      ask(table, `question ${index}`, { exclude: ["arm-1"] }),
    );
    const decisions = await decide(createRandomRouterFactory(), contextOf(table), requests);
    const counts = [0, 0, 0, 0];
    for (const decision of decisions) counts[chosenArm(decision)] = (counts[chosenArm(decision)] ?? 0) + 1;
    expect(counts[1]).toBe(0);
    // 4.5 standard deviations of a binomial count around 1000.
    for (const arm of [0, 2, 3])
      expect(Math.abs((counts[arm] ?? 0) - 1000)).toBeLessThan(4.5 * Math.sqrt(3000 * (1 / 3) * (2 / 3)));
  });

  it("says that all legal arms are equally probable, whichever it drew", async () => {
    const [decision] = await decide(createRandomRouterFactory(), contextOf(table), [ask(table, "Why?")]);
    expect(decision?.marginals.answerer).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  it("draws by seed, text and context", async () => {
    const texts = Array.from({ length: 40 }, (_, index) => ask(table, `question ${index}`));
    const arms = async (seed: number, requests = texts): Promise<number[]> =>
      (await decide(createRandomRouterFactory(), contextOf(table, { seed }), requests)).map(chosenArm);
    expect(await arms(1)).toEqual(await arms(1));
    expect(await arms(1)).not.toEqual(await arms(2));
    const documents = texts.map(({ question, ...rest }) => ({ ...rest, question: { ...question, context: ["page"] } }));
    expect(await arms(1, documents)).not.toEqual(await arms(1));
  });
});

describe("createBestSingleRouterFactory", () => {
  // Means: quality 0.5, 0.8, 0.9; cost 1, 2, 4 of which the best arm's, 4, is the unit.
  const table = tableOf({
    scores: [
      [0.4, 0.7, 1],
      [0.6, 0.9, 0.8],
    ],
    costs: [
      [1, 1, 3],
      [1, 3, 5],
    ],
  });
  const factory = createBestSingleRouterFactory();

  it("weighs mean quality against mean cost in units of the best arm's cost", async () => {
    const chosen = async (costWeight?: number): Promise<number> => {
      const request = ask(table, "new", costWeight === undefined ? {} : { costWeight });
      return chosenArm((await decide(factory, contextOf(table), [request]))[0]);
    };
    expect(await chosen()).toBe(2);
    // Arm 2 leads while 0.9 - w > 0.8 - w / 2, so below 0.2; arm 1 while 0.8 - w / 2 > 0.5 - w / 4, so below 1.2.
    expect(await chosen(0.19)).toBe(2);
    expect(await chosen(0.21)).toBe(1);
    expect(await chosen(1.19)).toBe(1);
    expect(await chosen(1.21)).toBe(0);
  });

  it("leaves cells that were not run out of the means", async () => {
    const holes = tableOf({
      scores: [
        [0.5, NONE],
        [0.5, 0.6],
        [NONE, 0.6],
      ],
    });
    expect(chosenArm((await decide(factory, contextOf(holes), [ask(holes, "new")]))[0])).toBe(1);
  });

  it("does not fall for an arm with a handful of lucky rows, unless it is all there is", async () => {
    const lucky = tableOf({ scores: [[0.5, 1, NONE], ...Array.from({ length: 4 }, () => [0.5, NONE, NONE])] });
    const pools = [["arm-0", "arm-1", "arm-2"], ["arm-1", "arm-2"], ["arm-2"]];
    const requests = pools.map((ids) =>
      ask(lucky, "new", { pool: { candidates: lucky.pool.candidates.filter(({ id }) => ids.includes(id)) } }),
    );
    const decisions = await decide(factory, contextOf(lucky), requests);
    expect(decisions.map(chosenArm)).toEqual([0, 1, 2]);
    expect(decisions.map(({ total }) => total)).toEqual([1, 1, 1]);
  });

  it("gives ties to the cheaper arm, then to the first", async () => {
    const scores = [[0.5, 0.5, 0.5]];
    const priced = tableOf({ scores, costs: [[3, 2, 2]] });
    const free = tableOf({ scores });
    expect(chosenArm((await decide(factory, contextOf(priced), [ask(priced, "new")]))[0])).toBe(1);
    expect(chosenArm((await decide(factory, contextOf(free), [ask(free, "new", { costWeight: 1 })]))[0])).toBe(0);
  });

  it("leaves arms of unknown cost out once cost counts", async () => {
    const partly = tableOf({ scores: [[0.5, 0.9, 0.4]], costs: [[1, 2, NONE]] });
    const chosen = await decide(factory, contextOf(partly), [
      ask(partly, "new", { exclude: ["arm-0", "arm-1"], costWeight: 1 }),
      ask(partly, "new", { exclude: ["arm-1"] }),
    ]);
    expect(chosen.map(chosenArm)).toEqual([2, 0]);
    const [weighted] = await decide(factory, contextOf(partly), [ask(partly, "new", { costWeight: 0.1 })]);
    expect(weighted?.total).toBe(2);
  });

  it.each([
    ["no outcome", { scores: [[NONE, NONE]] }, "has no recorded outcome in 1 rows"],
    [
      "a best arm of unknown cost",
      { scores: [[0, 1]], costs: [[1, NONE]] },
      "no cost of the best arm (index 1) is known",
    ],
    ["a negative cost", { scores: [[0, 1]], costs: [[-1, 2]] }, "a cost is -1"],
  ])("refuses a table with %s, code data", async (_, content, message) => {
    const table = tableOf(content);
    const promise = factory.createRouter(contextOf(table));
    await expect(promise).rejects.toMatchObject({ code: "data", message: expect.stringContaining(message) });
  });

  it("refuses unknown options with a suggestion", () => {
    expect(() => createBestSingleRouterFactory({ temprature: 1 } as never)).toThrow('did you mean "temperature"?');
  });
});

describe("createCheapestRouterFactory", () => {
  it("takes the lowest mean cost, whatever the scores and the cost weight", async () => {
    const table = tableOf({
      scores: [
        [1, 0, 0.5],
        [1, 0, NONE],
      ],
      costs: [
        [5, 3, 1],
        [5, 1, NONE],
      ],
    });
    const requests = [0, 1].map((costWeight) => ask(table, "new", { costWeight }));
    const decisions = await decide(createCheapestRouterFactory(), contextOf(table), [
      ...requests,
      ask(table, "new", { exclude: ["arm-2"] }),
    ]);
    expect(decisions.map(chosenArm)).toEqual([2, 2, 1]);
  });

  it("refuses a table without costs, code data", async () => {
    const table = tableOf({ scores: [[1, 0]] });
    await expect(createCheapestRouterFactory().createRouter(contextOf(table))).rejects.toMatchObject({ code: "data" });
  });
});

describe("createTaskTableRouterFactory", () => {
  const table = tableOf({
    scores: [
      [0.9, 0.2],
      [0.7, 0.4],
      [0.1, 0.9],
      [0.2, NONE],
      [0.1, 0.8],
    ],
    labels: ["algebra", "algebra", "poetry", "poetry", "chess"],
  });
  const labels = new Map<string, string>([
    ...table.rows.map(({ question, labels: { task = "" } }) => [question.id, task] as const),
    ["asked algebra", "algebra"],
    ["asked poetry", "poetry"],
    ["asked cooking", "cooking"],
  ]);
  const context = contextOf(table, { labelOf: (id) => labels.get(id) });
  const requests = ["algebra", "poetry", "cooking", "nothing"].map((label) => ask(table, `asked ${label}`));

  it("takes the best arm of the label, and the best single arm for an unseen label or none", async () => {
    const decisions = await decide(createTaskTableRouterFactory(), context, requests);
    // Overall means: 0.4 and 0.575.
    expect(decisions.map(chosenArm)).toEqual([0, 1, 1, 1]);
    const gains = decisions.map(({ ranking }) => ranking[0]?.advantage);
    // Algebra: 0.8 against 0.3 of the arm that is best overall.
    expect(gains).toEqual([expect.closeTo(0.5, 12), 0, 0, 0]);
  });

  it("mixes in the overall mean when told to", async () => {
    const factory = createTaskTableRouterFactory({ shrinkage: 6 });
    const [decision] = await decide(factory, context, requests);
    // (2 * 0.8 + 6 * 0.4) / 8 = 0.5 against (2 * 0.3 + 6 * 0.575) / 8 = 0.50625.
    expect(chosenArm(decision)).toBe(1);
    expect(decision?.ranking[1]?.advantage).toBeCloseTo(-0.00625, 12);
  });

  it("is marked as privileged and refuses to learn without labels", async () => {
    const factory = createTaskTableRouterFactory();
    expect(factory.privileged).toBe(true);
    await expect(factory.createRouter(contextOf(table))).rejects.toMatchObject({ code: "config" });
  });

  it("falls back to the overall mean of an arm that was not run for a label", async () => {
    const holes = tableOf({
      scores: [
        [0.5, NONE],
        [0.1, 0.9],
        [0.1, 0.9],
      ],
      labels: ["a", "b", "b"],
    });
    const labelled = contextOf(holes, { labelOf: () => "a" });
    const ofRow = new Map(holes.rows.map(({ question, labels: { task } }) => [question.id, task]));
    const mixed = { ...labelled, labelOf: (id: string) => ofRow.get(id) ?? "a" };
    const [decision] = await decide(createTaskTableRouterFactory(), mixed, [ask(holes, "new")]);
    expect(chosenArm(decision)).toBe(1);
  });
});
