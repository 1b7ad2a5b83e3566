import {
  type Decision,
  type FitContext,
  HapsError,
  type Question,
  type Router,
  type RouterFactory,
  type RoutingRequest,
} from "@haps/spec";
import { createFixedRouter, describeRouterContract, makeTestTable } from "@haps/spec/testing";
import { describe, expect, it } from "vitest";

/** Scores by the text alone. */
const byText = ({ text }: Question): number[] => [0.3, text.startsWith("What") ? 0.9 : 0.1, 0.5, text.length / 100];

function good(context: FitContext): Router {
  context.signal?.throwIfAborted();
  return createFixedRouter({ id: "good", pool: context.pool, arms: context.training.arms, scores: byText });
}

const factoryOf = (createRouter: (context: FitContext) => Router, privileged = false): RouterFactory => ({
  id: "under-test",
  privileged,
  createRouter: async (context) => createRouter(context),
});

/** Runs a suite outside of vitest: the names of the promises, and why those that were broken failed. */
async function failuresOf(factory: RouterFactory): Promise<{ names: string[]; failures: Map<string, string> }> {
  const cases: { name: string; body: () => Promise<void> }[] = [];
  const runner = {
    describe: (_: string, body: () => void) => body(),
    it: (name: string, body: () => Promise<void>) => cases.push({ name, body }),
  };
  describeRouterContract(runner, "broken", { factory, table: makeTestTable({ questions: 12 }) });
  const failures = new Map<string, string>();
  for (const { name, body } of cases) {
    await body().catch((error: Error) => failures.set(name, error.message));
  }
  return { names: cases.map(({ name }) => name), failures };
}

/** A router that answers as the good one does, but with every decision or request changed. */
function changed(
  change: (decision: Decision, request: RoutingRequest, index: number) => Decision,
): (context: FitContext) => Router {
  return (context) => {
    const inner = good(context);
    return {
      ...inner,
      route: async (requests, options) =>
        (await inner.route(requests, options)).map((decision, index) =>
          change(decision, requests[index] as RoutingRequest, index),
        ),
    };
  };
}

/** A router whose `route` is replaced. */
function rerouted(route: (inner: Router, ...args: Parameters<Router["route"]>) => ReturnType<Router["route"]>) {
  return (context: FitContext): Router => {
    const inner = good(context);
    return { ...inner, route: (requests, options) => route(inner, requests, options) };
  };
}

/** A router that reads something it may not and answers by its hash. */
function reading(secretOf: (question: Question, context: FitContext) => unknown): (context: FitContext) => Router {
  return (context) => {
    const { pool, training, signal } = context;
    signal?.throwIfAborted();
    const scores = (question: Question): number[] => {
      const secret = JSON.stringify(secretOf(question, context)) ?? "";
      const hash = [...secret].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 65521, 7);
      return training.arms.map((_, arm) => ((hash * (arm + 3)) % 101) / 101);
    };
    return createFixedRouter({ pool, arms: training.arms, scores });
  };
}

const swallow =
  (code: string) =>
  async (inner: Router, requests: readonly RoutingRequest[], options: Parameters<Router["route"]>[1] = {}) =>
    inner.route(requests, options).catch((error: unknown) => {
      if (HapsError.isInstance(error) && error.code === code) return [];
      throw error;
    });

let calls = 0;
let fits = 0;

/** One deliberately broken router per promise, by the promise that must catch it. */
const broken: Readonly<Record<string, (context: FitContext) => Router>> = {
  "gives one decision per request, in order": rerouted(async (inner, requests, options) =>
    [...(await inner.route(requests, options))].reverse(),
  ),
  "chooses a candidate of the pool and one of its settings for every role": changed((decision) => ({
    ...decision,
    roles: Object.fromEntries(
      Object.entries(decision.roles).map(([role, choice]) => [role, { ...choice, settings: { prompt: "invented" } }]),
    ),
  })),
  "gives marginals that sum to one in the order of the pool, and the probability of its choice": changed(
    (decision) => ({
      ...decision,
      marginals: Object.fromEntries(
        Object.entries(decision.marginals).map(([role, values]) => [role, [...values].sort((a, b) => a - b)]),
      ),
    }),
  ),
  "ranks distinct legal arms best first, at most 16, with finite log-probabilities <= 0": changed((decision) => ({
    ...decision,
    ranking: [...decision.ranking].reverse(),
  })),
  "gives the same decisions for the same requests": changed((decision) => {
    calls += 1;
    return { ...decision, reason: `Decision number ${calls}.` };
  }),
  "decides the same in every batch": rerouted(async (inner, requests, options) => {
    const exclude = requests.length === 1 && (requests[0]?.exclude ?? []).length === 0 ? ["large"] : [];
    const asked = requests.map((request) =>
      request.pool.candidates.length < 3 ? request : { ...request, exclude: [...exclude, ...(request.exclude ?? [])] },
    );
    return inner.route(asked, options);
  }),
  "does not depend on the order of the pool": rerouted(async (inner, requests, options) => {
    const asked = requests.map((request) => {
      const last = request.pool.candidates.at(-1)?.id;
      const free = request.exclude === undefined && request.pool.candidates.length === 3 && last !== undefined;
      return free ? { ...request, exclude: [last] } : request;
    });
    return inner.route(asked, options);
  }),
  "leaves requests untouched": rerouted(async (inner, requests, options) => {
    for (const request of requests) Object.assign(request.question, { seen: true });
    return inner.route(requests, options);
  }),
  "chooses and ranks from the request's pool alone": (context) => {
    const inner = good(context);
    return {
      ...inner,
      route: async (requests, options) => {
        const strict = await inner.route(requests, options);
        const asked = requests.map((request) => ({ ...request, pool: context.pool }));
        const loose = await inner.route(asked, options);
        return strict.map((decision, index) =>
          requests[index]?.pool.candidates.length === 1 ? (loose[index] as Decision) : decision,
        );
      },
    };
  },
  "obeys exclude": rerouted(async (inner, requests, options) => {
    const asked = requests.map((request) => (request.exclude?.length === 1 ? { ...request, exclude: [] } : request));
    return inner.route(asked, options);
  }),
  "refuses a candidate that it was not trained with, code unknown-candidate": rerouted(swallow("unknown-candidate")),
  "refuses a request that leaves nothing to choose, code config": rerouted(async (inner, requests, options) => {
    const asked = requests.filter(({ pool, exclude = [] }) => pool.candidates.length > exclude.length);
    return inner.route(asked, options);
  }),
  "refuses a cost weight that is no finite number >= 0, code config": rerouted(async (inner, requests, options) =>
    inner.route(
      requests.map((request) => ({ ...request, costWeight: 0 })),
      options,
    ),
  ),
  "rejects with code disposed after dispose, which may be called twice": (context) => {
    let disposals = 0;
    return {
      ...good(context),
      dispose: () => {
        disposals += 1;
        if (disposals > 1) throw new Error("disposed twice");
      },
    };
  },
  "does not route when its signal is aborted": rerouted(async (inner, requests) => inner.route(requests)),
  "makes the same router from the same seed and table": (context) => {
    fits += 1;
    const inner = good(context);
    const suffix = ` (fit ${fits})`;
    return {
      ...inner,
      route: async (requests, options) =>
        (await inner.route(requests, options)).map((one) => ({ ...one, reason: one.reason + suffix })),
    };
  },
  "leaves the training table untouched": (context) => {
    const router = good(context);
    context.training.score[0] = 0.123 + (context.training.score[0] as number);
    return router;
  },
  "does not train when its signal is aborted": ({ pool, training }) =>
    createFixedRouter({ pool, arms: training.arms, scores: byText }),
  "does not see what else stands on a question: gold, topic, exam, data set, labels": reading(
    (question) => (question as Question & { gold?: string }).gold,
  ),
  "does not read ids of questions": reading(({ id }) => id),
  "learns the same with and without labels in the training table": reading((question, { training }) => [
    question.text.length,
    training.rows[0]?.labels.task,
  ]),
  "does not ask for labels": reading(({ text }, { labelOf }) => {
    labelOf?.("q0000");
    return text;
  }),
};

describeRouterContract({ describe, it }, "a fixed router", { factory: factoryOf(good) });
describeRouterContract({ describe, it }, "a fixed router of two roles", {
  factory: factoryOf(({ pool, training, signal }) => {
    signal?.throwIfAborted();
    return createFixedRouter({ pool, arms: training.arms, scores: training.arms.map((_, arm) => arm % 7) });
  }),
  table: makeTestTable({ questions: 6, roles: ["teacher", "student"] }),
});

describe("describeRouterContract", () => {
  it("has a broken router for every promise", async () => {
    const { names } = await failuresOf(factoryOf(good));
    expect(Object.keys(broken).sort()).toEqual([...names].sort());
  });

  it.each(Object.entries(broken))("fails a router that breaks: %s", async (promise, createRouter) => {
    const { failures } = await failuresOf(factoryOf(createRouter));
    expect([...failures.keys()]).toContain(promise);
  });

  it.each([
    "refuses a candidate that it was not trained with, code unknown-candidate",
    "does not read ids of questions",
    "does not ask for labels",
    "leaves the training table untouched",
    "does not train when its signal is aborted",
  ])("blames nothing else where only this is broken: %s", async (promise) => {
    const { failures } = await failuresOf(factoryOf(broken[promise] as (context: FitContext) => Router));
    expect([...failures.keys()]).toEqual([promise]);
  });

  it("lets privileged factories read ids and labels, but not what stands on a question", async () => {
    const byLabel = reading((question, { labelOf }) => labelOf?.(question.id));
    expect((await failuresOf(factoryOf(byLabel))).failures.has("does not ask for labels")).toBe(true);
    expect([...(await failuresOf(factoryOf(byLabel, true))).failures.keys()]).toEqual([]);
    const byGold = broken["does not see what else stands on a question: gold, topic, exam, data set, labels"];
    expect((await failuresOf(factoryOf(byGold as (context: FitContext) => Router, true))).failures.size).toBe(1);
  });

  it("fails a router that goes on after dispose, and one that rejects with another code", async () => {
    const deathless = (context: FitContext): Router => ({ ...good(context), dispose: () => undefined });
    const promise = "rejects with code disposed after dispose, which may be called twice";
    expect((await failuresOf(factoryOf(deathless))).failures.get(promise)).toContain("was accepted");
    const vague = (context: FitContext): Router => {
      let isAlive = true;
      const inner = good(context);
      return {
        ...inner,
        route: async (requests, options) => {
          if (!isAlive) throw new Error("gone");
          return inner.route(requests, options);
        },
        dispose: () => {
          isAlive = false;
        },
      };
    };
    expect([...(await failuresOf(factoryOf(vague))).failures]).toEqual([
      [promise, 'router contract: routing after dispose rejected with Error: gone; expected code "disposed"'],
    ]);
  });

  it("names the question and what is wrong", async () => {
    const { failures } = await failuresOf(factoryOf(broken["does not read ids of questions"] as never));
    expect(failures.get("does not read ids of questions")).toMatch(
      /^router contract: question "q\d{4}" gets another decision under another id$/,
    );
  });
});
