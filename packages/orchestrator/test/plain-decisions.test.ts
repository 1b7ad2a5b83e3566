import {
  createHapsRouter,
  type HapsModelConfig,
  type HapsParts,
  modelArrays,
  restoreHapsModel,
} from "@haps/orchestrator";
import { type Decision, decisionArm, type Featurizer, type Router, type RoutingRequest } from "@haps/spec";
import { describeRouterContract, makeTestTable } from "@haps/spec/testing";
import type { NamedArray } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { readableParts } from "./readable-parts.ts";
import { contextOf, quick, train } from "./train.ts";

const table = makeTestTable({ questions: 12, roles: ["teacher", "student"] });
const WEIGHTS = [0, 0.2, 0.5, 3];
/** Every question at every cost weight, weights mixed within the batch. */
const requests: readonly RoutingRequest[] = table.rows.flatMap(({ question }) =>
  WEIGHTS.map((costWeight) => ({ question, task: table.task, pool: table.pool, costWeight })),
);

interface Saved {
  readonly config: HapsModelConfig;
  readonly arrays: ReadonlyMap<string, NamedArray>;
  readonly featurizer: Featurizer;
}

/** One trained model as plain data, always the same; every margin 0, so that decisions follow the policy. */
function saveModel(): Saved {
  const model = train(contextOf(table, { costWeights: [0, 0.5] }), quick, readableParts());
  const points = model.config.calibration.points.map((point) => ({ ...point, margin: 0 }));
  const arrays = modelArrays(model);
  for (const { variables } of model.policies) variables.dispose();
  const config = { ...model.config, calibration: { ...model.config.calibration, points } };
  return { config, arrays, featurizer: model.featurizer };
}

const restore = ({ config, arrays, featurizer }: Saved, parts: HapsParts): Router =>
  createHapsRouter(restoreHapsModel(config, arrays, featurizer, parts));

const armOf = (decision: Decision): string => JSON.stringify(decisionArm(decision));

describeEachBackend("a router whose parts have readers", (backend) => {
  it("decides one by one as in a batch, bit for bit", async () => {
    const router = restore(saveModel(), readableParts());
    const together = await router.route(requests);
    const oneByOne: Decision[] = [];
    for (const request of requests) oneByOne.push(...(await router.route([request])));
    expect(oneByOne).toEqual(together);
    expect(new Set(together.map(armOf)).size).toBeGreaterThan(2);
    router.dispose();
  });

  it.each(["backbone", "assignment head", "settings heads"] as const)(
    "decides as one whose %s has none",
    async (part) => {
      const saved = saveModel();
      const [readable, mixed] = [restore(saved, readableParts()), restore(saved, readableParts(part))];
      const [plain, tensors] = [await readable.route(requests), await mixed.route(requests)];
      expect(tensors.map(armOf)).toEqual(plain.map(armOf));
      const sureness = (decisions: readonly Decision[]): number[] =>
        decisions.map(({ ranking }) => ranking[0]?.logProb as number);
      expectClose(sureness(plain), sureness(tensors), { rtol: 1e-4, atol: 1e-5 });
      // Only the way of the numbers can differ in the last bits: proof that tensors were used.
      expect(sureness(plain)).not.toEqual(sureness(tensors));
      readable.dispose();
      mixed.dispose();
    },
  );

  it("makes no tensor while it routes, and keeps the weights that it was made with", async () => {
    const { config, arrays, featurizer } = saveModel();
    const model = restoreHapsModel(config, arrays, featurizer, readableParts());
    const router = createHapsRouter(model);
    const before = tf.memory().numTensors;
    const expected = await router.route(requests);
    for (const { variables } of model.policies) {
      for (const [, variable] of variables) tf.tidy(() => variable.assign(tf.zerosLike(variable)));
    }
    expect(tf.memory().numTensors).toBe(before);
    expect(await router.route(requests)).toEqual(expected);
    router.dispose();
    await expect(router.route(requests)).rejects.toMatchObject({ code: "disposed" });
  });

  if (backend !== "cpu") return;
  describeRouterContract({ describe, it }, "haps on plain arrays", {
    factory: {
      id: "haps",
      createRouter: async (context) => {
        context.signal?.throwIfAborted();
        return createHapsRouter(train(context, quick, readableParts()));
      },
    },
    table: makeTestTable({ questions: 12 }),
  });
});

describe("one saved model on cpu and on wasm", () => {
  it("decides the same, bit for bit", async () => {
    await tf.setBackend("cpu");
    const saved = saveModel();
    const decided: (readonly Decision[])[] = [];
    for (const backend of ["cpu", "wasm"]) {
      await tf.setBackend(backend);
      const router = restore(saved, readableParts());
      decided.push(await router.route(requests));
      router.dispose();
    }
    expect(decided[1]).toEqual(decided[0]);
    expect(decided[0]).toHaveLength(requests.length);
  });
});
