import { join } from "node:path";
import { describeRouterContract } from "@haps/spec/testing";
import { loadBackend } from "@haps/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { createHapsFactory } from "../src/haps/create-haps.ts";
import { createMethod, defaultMethods, findMethod, methods } from "../src/methods.ts";
import { loadOwnRouter } from "../src/own-router.ts";

beforeAll(async () => {
  await loadBackend(["cpu"]);
});

const quick = { trainer: { members: 2, steps: 6 } } as const;

describeRouterContract({ describe, it }, "the example of an own router", {
  factory: await loadOwnRouter(join(import.meta.dirname, "../examples/custom-router.mjs")),
});
describeRouterContract({ describe, it }, "haps", { factory: createHapsFactory({ config: quick }) });
describeRouterContract({ describe, it }, "haps at its operating point", {
  factory: createHapsFactory({ config: quick, operatingPoint: true }),
});

describe("methods", () => {
  it("makes factories that carry the name they are asked by", () => {
    for (const { id, role } of methods) {
      expect(createMethod(id).id).toBe(id);
      expect(createMethod(id).privileged === true).toBe(role === "control");
    }
  });

  it("evaluates controls only where there are labels, ablations and the operating point only on demand", () => {
    const usual = { operatingPoint: false, ablations: false, labelled: true };
    expect(defaultMethods(usual)).toEqual(["haps", "task-table", "flat", "knn", "ridge", "mlp"]);
    expect(defaultMethods({ ...usual, labelled: false })).not.toContain("task-table");
    expect(defaultMethods({ ...usual, operatingPoint: true })[1]).toBe("haps-operating-point");
    const ablations = defaultMethods({ ...usual, ablations: true }).filter((id) => findMethod(id).role === "ablation");
    expect(ablations).toEqual([
      "haps-no-low-level",
      "haps-random-high-level",
      "haps-fixed-high-level",
      "haps-no-sharing",
    ]);
  });
});
