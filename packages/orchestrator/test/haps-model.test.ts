import { createHapsRouter, type HapsModelConfig, modelArrays, restoreHapsModel } from "@haps/orchestrator";
import { makeTestTable } from "@haps/spec/testing";
import type { NamedArray } from "@haps/tensor";
import { describeEachBackend } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { describeOnCpu } from "./describe-on-cpu.ts";
import { testParts } from "./parts.ts";
import { contextOf, decide, quick, train } from "./train.ts";

const parts = testParts();
const table = makeTestTable({ questions: 12, roles: ["teacher", "student"], missingEvery: 5 });
const context = contextOf(table, { costWeights: [0, 0.5] });

describeEachBackend("restoreHapsModel", () => {
  it("gives a router that decides bit for bit as the saved one, from plain JSON and arrays", async () => {
    for (const config of [
      quick,
      { ...quick, levels: { high: "random", low: "fixed" }, shareParameters: false },
    ] as const) {
      const model = train(context, config);
      const saved = JSON.parse(JSON.stringify(model.config)) as HapsModelConfig;
      const arrays = modelArrays(model);
      const router = createHapsRouter(model);
      const expected = await Promise.all([0, 0.2, 0.5].map((weight) => decide(router, table, weight)));
      router.dispose();
      const restored = createHapsRouter(restoreHapsModel(saved, arrays, model.featurizer, parts));
      expect(await Promise.all([0, 0.2, 0.5].map((weight) => decide(restored, table, weight)))).toEqual(expected);
      restored.dispose();
    }
  });
});

describeOnCpu("restoreHapsModel with what does not fit", () => {
  const restore = (change: (arrays: Map<string, NamedArray>) => void): (() => unknown) => {
    const model = train(context);
    const arrays = new Map(modelArrays(model));
    for (const { variables } of model.policies) variables.dispose();
    change(arrays);
    return () => restoreHapsModel(model.config, arrays, model.featurizer, parts);
  };
  const expectRefusal = (code: string, facts: object, change: (arrays: Map<string, NamedArray>) => void): void => {
    const run = restore(change);
    const before = tf.memory().numTensors;
    expect(run).toThrow(expect.objectContaining({ code, facts: expect.objectContaining(facts) }));
    expect(tf.memory().numTensors, "nothing stays behind").toBe(before);
  };
  const name = "member/1/architecture/quality";

  it("refuses missing arrays by name", () => {
    expectRefusal("state", { missing: [name], unknown: [] }, (arrays) => arrays.delete(name));
  });

  it("refuses arrays that no member has by name", () => {
    const array = { shape: [1], values: new Float32Array(1) };
    expectRefusal("state", { missing: [], unknown: ["member/2/backbone/weight"] }, (arrays) =>
      arrays.set("member/2/backbone/weight", array),
    );
  });

  it("refuses arrays of another shape by name", () => {
    expectRefusal("shape", { name }, (arrays) => arrays.set(name, { shape: [2, 2], values: new Float32Array(4) }));
  });

  it("refuses arms that the parts cannot express", () => {
    const model = train(context);
    const other = { ...parts, settingsOf: () => [{ prompt: "other" }] };
    expect(() => restoreHapsModel(model.config, modelArrays(model), model.featurizer, other)).toThrow(
      expect.objectContaining({ code: "data" }),
    );
    for (const { variables } of model.policies) variables.dispose();
  });
});
