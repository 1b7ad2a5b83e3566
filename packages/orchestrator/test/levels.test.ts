import { createHapsRouter, type HapsConfig, type HapsModel, modelArrays } from "@haps/orchestrator";
import { type Decision, decisionArm, type OutcomeTable, type Router, type RoutingRequest } from "@haps/spec";
import { makeTestTable } from "@haps/spec/testing";
import { expect, it } from "vitest";
import { describeOnCpu } from "./describe-on-cpu.ts";
import { tableOf } from "./table.ts";
import { contextOf, train } from "./train.ts";

/** `small` has two prompts, each best for one kind of text; `large` is good at both and `tiny` at none. */
const kinds = Array.from({ length: 24 }, (_, row) => row % 2);
const table = tableOf({
  arms: ["small/plain", "small/steps", "large/plain", "large/steps", "tiny"],
  texts: kinds.map((kind, row) => `${kind === 0 ? "sum" : "poem"} ${row}`),
  scores: kinds.map((kind) => (kind === 0 ? [0.9, 0.3, 0.6, 0.7, 0.1] : [0.3, 0.8, 0.5, 0.6, 0.1])),
});
const config: HapsConfig = { trainer: { members: 2, steps: 20, learningRate: 0.1, penalty: 0.02 } };

async function withRouter<Result>(
  levels: HapsConfig,
  run: (router: Router, model: HapsModel) => Promise<Result>,
  training: OutcomeTable = table,
): Promise<Result> {
  const model = train(contextOf(training), { ...config, ...levels });
  const router = createHapsRouter(model);
  try {
    return await run(router, model);
  } finally {
    router.dispose();
  }
}

function requestsOf(texts: readonly string[], change: Partial<RoutingRequest> = {}): readonly RoutingRequest[] {
  return texts.map((text, place) => ({
    question: { id: `${place}`, text },
    task: table.task,
    pool: table.pool,
    ...change,
  }));
}

const texts = table.rows.map(({ question }) => question.text);
const without = (id: string) => ({ pool: { candidates: table.pool.candidates.filter((one) => one.id !== id) } });
const named = (decision: Decision): string => {
  const { candidate, settings } = decisionArm(decision).answerer as {
    candidate: string;
    settings: { prompt?: string };
  };
  return settings.prompt === undefined ? candidate : `${candidate}/${settings.prompt}`;
};
const distinct = (decisions: readonly Decision[]): readonly string[] => [...new Set(decisions.map(named))].sort();

describeOnCpu("levels", () => {
  it("route both candidates and settings by default", async () => {
    await withRouter({}, async (router) => {
      expect(distinct(await router.route(requestsOf(texts)))).toEqual(["small/plain", "small/steps"]);
      expect(distinct(await router.route(requestsOf(texts, without("small"))))).toEqual(["large/steps"]);
    });
  });

  it("fix the high level to the candidate of the best arm on train, and route its settings", async () => {
    await withRouter({ levels: { high: "fixed" } }, async (router) => {
      const decisions = await router.route(requestsOf(texts));
      // On train large/steps has the mean 0.65, small/plain 0.6 and small/steps 0.55.
      expect(distinct(decisions)).toEqual(["large/steps"]);
      for (const { ranking, total, marginals } of decisions) {
        expect(total).toBe(2);
        expect(ranking.every(({ arm }) => arm.answerer?.candidate === "large")).toBe(true);
        expect(marginals.answerer?.[1]).toBeCloseTo(1, 6);
      }
    });
  });

  it("fix the high level to the best candidate that a request allows", async () => {
    await withRouter({ levels: { high: "fixed" } }, async (router) => {
      for (const change of [without("large"), { exclude: ["large"] }]) {
        const decisions = await router.route(requestsOf(texts, change));
        expect(decisions.every(({ roles, total }) => roles.answerer?.candidate === "small" && total === 2)).toBe(true);
      }
      expect(distinct(await router.route(requestsOf(texts, { exclude: ["large", "small"] })))).toEqual(["tiny"]);
    });
  });

  it("draw the candidate of a random high level uniformly by text, and route its settings", async () => {
    await withRouter({ levels: { high: "random" } }, async (router) => {
      const many = Array.from({ length: 1500 }, (_, place) => `${place % 2 === 0 ? "sum" : "poem"} number ${place}`);
      const decisions = await router.route(requestsOf(many));
      const counts = table.pool.candidates.map(
        ({ id }) => decisions.filter(({ roles }) => roles.answerer?.candidate === id).length,
      );
      // Within 4 standard deviations of a third each.
      for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(4 * Math.sqrt(1500 * (1 / 3) * (2 / 3)));
      const small = decisions.filter(({ roles }) => roles.answerer?.candidate === "small");
      expect(distinct(small)).toEqual(["small/plain", "small/steps"]);

      const renamed = requestsOf(many).map((request) => ({
        ...request,
        question: { ...request.question, id: `other ${request.question.id}` },
      }));
      expect((await router.route([...renamed].reverse())).map(named).reverse()).toEqual(decisions.map(named));
    });
  });

  it("draw among the candidates that a request allows", async () => {
    await withRouter({ levels: { high: "random" } }, async (router) => {
      const many = Array.from({ length: 400 }, (_, place) => `sum number ${place}`);
      const decisions = await router.route(requestsOf(many, { exclude: ["small"] }));
      const large = decisions.filter(({ roles }) => roles.answerer?.candidate === "large").length;
      expect(Math.abs(large - 200)).toBeLessThan(4 * Math.sqrt(400 * 0.25));
      expect(decisions.some(({ roles }) => roles.answerer?.candidate === "small")).toBe(false);
    });
  });

  it("fix the low level to each candidate's best settings on train", async () => {
    await withRouter({ levels: { low: "fixed" } }, async (router, model) => {
      expect(model.actions.size).toBe(3);
      expect([...modelArrays(model).keys()].some((name) => name.includes("/parameters/"))).toBe(false);
      const decisions = await router.route(requestsOf(texts));
      for (const { ranking, total } of decisions) {
        expect(total).toBe(3);
        const prompts = ranking.map(({ arm }) => `${arm.answerer?.candidate} ${arm.answerer?.settings.prompt ?? ""}`);
        expect([...prompts].sort()).toEqual(["large steps", "small plain", "tiny "]);
      }
      expect(distinct(await router.route(requestsOf(texts, without("large"))))).toEqual(["small/plain"]);
      expect(distinct(await router.route(requestsOf(texts, { exclude: ["large", "small"] })))).toEqual(["tiny"]);
    });
  });

  it("fix the low level to what is best at the asked cost weight", async () => {
    const dear = { ...table, cost: Float64Array.from(kinds.flatMap(() => [5, 1, 1, 5, 1])), costUnit: "tokens" };
    const levels = { levels: { low: "fixed" } } as const;
    await withRouter(
      levels,
      async (router) => {
        const at = async (costWeight: number) =>
          distinct(await router.route(requestsOf(texts, { exclude: ["large", "tiny"], costWeight })));
        expect(await at(0)).toEqual(["small/plain"]);
        expect(await at(1)).toEqual(["small/steps"]);
      },
      dear,
    );
  });

  it("never choose an arm that was not run on train while another is allowed", async () => {
    const score = table.score.map((value, cell) => (cell % 5 === 4 ? Number.NaN : value));
    const samples = score.map((value) => (Number.isNaN(value) ? 0 : 1));
    for (const levels of [{}, { levels: { low: "fixed" } }, { levels: { high: "random" } }] as const) {
      await withRouter(
        levels,
        async (router) => {
          const decisions = await router.route(requestsOf(texts));
          expect(
            decisions.flatMap(({ ranking }) => ranking).some(({ arm }) => arm.answerer?.candidate === "tiny"),
          ).toBe(false);
          expect(distinct(await router.route(requestsOf(texts, { exclude: ["large", "small"] })))).toEqual(["tiny"]);
        },
        { ...table, score, samples },
      );
    }
  });

  it("keep a second backbone for the low level where parameters are not shared, and none without a low level", async () => {
    const privates = async (levels: HapsConfig): Promise<number> =>
      withRouter(levels, async (router, model) => {
        await router.route(requestsOf(texts));
        return [...modelArrays(model).keys()].filter((name) => name.includes("/private-backbone/")).length;
      });
    expect(await privates({})).toBe(0);
    expect(await privates({ shareParameters: false })).toBe(2);
    expect(await privates({ shareParameters: false, levels: { low: "fixed" } })).toBe(0);
    await withRouter({ shareParameters: false }, async (router) => {
      expect(distinct(await router.route(requestsOf(texts)))).toEqual(["small/plain", "small/steps"]);
      expect(distinct(await router.route(requestsOf(texts, { exclude: ["small"] })))).toEqual(["large/steps"]);
    });
  });

  it("take one decision for all roles together where there are two", async () => {
    const pairs = makeTestTable({ questions: 16, roles: ["teacher", "student"] });
    const model = train(contextOf(pairs), { ...config, levels: { high: "fixed" } });
    const router = createHapsRouter(model);
    const decisions = await router.route(
      pairs.rows.map(({ question }) => ({ question, task: pairs.task, pool: pairs.pool })),
    );
    router.dispose();
    const assignments = decisions.map(({ roles }) => `${roles.teacher?.candidate} ${roles.student?.candidate}`);
    expect(new Set(assignments).size).toBe(1);
  });
});
