import {
  createBestSingleRouterFactory,
  createCheapestRouterFactory,
  createFlatRouterFactory,
  createKnnRouterFactory,
  createMlpRouterFactory,
  createRandomRouterFactory,
  createRidgeRouterFactory,
  createTaskTableRouterFactory,
} from "@haps/baselines";
import { describeRouterContract, makeTestTable } from "@haps/spec/testing";
import { describeEachBackend } from "@haps/testing";
import { describe, it } from "vitest";
import { wordFeatures } from "./fixture.ts";

const runner = { describe, it };
const parts = { features: wordFeatures };
const quick = { members: 2, steps: 6, checkEvery: 2, learningRate: 0.05 };

const plain = [
  createRandomRouterFactory(),
  createBestSingleRouterFactory(),
  createCheapestRouterFactory(),
  createTaskTableRouterFactory(),
  createKnnRouterFactory(parts),
  createRidgeRouterFactory(parts),
];
for (const factory of plain) describeRouterContract(runner, factory.id, { factory });
for (const factory of plain) {
  if (factory.id === "cheapest") continue;
  const table = makeTestTable({ questions: 20, costs: false, missingEvery: 3 });
  describeRouterContract(runner, `${factory.id} without costs, with cells not run`, { factory, table });
}
describeRouterContract(runner, "ridge with two roles", {
  factory: createRidgeRouterFactory(parts),
  table: makeTestTable({ questions: 20, roles: ["teacher", "student"] }),
});

describeEachBackend("baselines on tensors", () => {
  const { checkEvery: _, ...flat } = quick;
  describeRouterContract(runner, "mlp", { factory: createMlpRouterFactory(parts, quick) });
  describeRouterContract(runner, "flat", { factory: createFlatRouterFactory(parts, flat) });
  describeRouterContract(runner, "flat without costs, with cells not run", {
    factory: createFlatRouterFactory(parts, flat),
    table: makeTestTable({ questions: 20, costs: false, missingEvery: 3 }),
  });
});
