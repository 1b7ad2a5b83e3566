import { describeRouterContract, makeTestTable } from "@haps/spec/testing";
import { describeEachBackend } from "@haps/testing";
import { describe, it } from "vitest";
import { hapsFactory, quick } from "./train.ts";

const runner = { describe, it };
const small = makeTestTable({ questions: 12 });

describeEachBackend("HAPS as a router", (backend) => {
  describeRouterContract(runner, "haps", { factory: hapsFactory(), table: small });
  if (backend === "cpu") return;
  describeRouterContract(runner, "haps with two roles", {
    factory: hapsFactory(),
    table: makeTestTable({ questions: 12, roles: ["teacher", "student"] }),
  });
  describeRouterContract(runner, "haps without costs, with cells not run", {
    factory: hapsFactory(),
    table: makeTestTable({ questions: 12, costs: false, missingEvery: 3 }),
  });
  describeRouterContract(runner, "haps at its operating point, with a hash", {
    factory: hapsFactory(quick, { operatingPoint: true, hash: "abc" }),
    table: small,
  });
  describeRouterContract(runner, "haps with a random high level", {
    factory: hapsFactory({ ...quick, levels: { high: "random" } }),
    table: small,
  });
  describeRouterContract(runner, "haps with a fixed high level", {
    factory: hapsFactory({ ...quick, levels: { high: "fixed" } }),
    table: small,
  });
  describeRouterContract(runner, "haps without a low level", {
    factory: hapsFactory({ ...quick, levels: { low: "fixed" } }),
    table: small,
  });
});
