import { type HapsConfig, resolveHapsConfig, startHapsTraining } from "@haps/orchestrator";
import { type FitEvent, HapsError, selectRows } from "@haps/spec";
import { makeTestTable } from "@haps/spec/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { describeOnCpu } from "./describe-on-cpu.ts";
import { testParts } from "./parts.ts";
import { tableOf } from "./table.ts";
import { contextOf } from "./train.ts";

const table = makeTestTable({ questions: 6 });

function errorOf(run: () => unknown): HapsError {
  try {
    run();
  } catch (error) {
    if (HapsError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const start = (training = table, overrides: object = {}, config: HapsConfig = {}): HapsError => {
  const before = tf.memory().numTensors;
  const error = errorOf(() => startHapsTraining(contextOf(training, overrides), testParts(), { config }));
  expect(tf.memory().numTensors).toBe(before);
  return error;
};

describeOnCpu("startHapsTraining", () => {
  it("refuses a table with fewer than two texts", () => {
    expect(start(selectRows(table, []))).toMatchObject({ code: "data", facts: { table: "test-table", texts: 0 } });
    const repeated = tableOf({
      arms: ["a", "b"],
      scores: [
        [1, 0],
        [0, 1],
      ],
      groups: ["same", "same"],
    });
    expect(start(repeated)).toMatchObject({ code: "data", facts: { texts: 1 } });
    expect(start(repeated).message).toMatchInlineSnapshot(
      `"startHapsTraining: table hand-made has 1 distinct texts; expected at least 2, so that one can be held out; add questions"`,
    );
  });

  it("refuses cost weights that are negative, not finite, or none at all", () => {
    for (const costWeights of [[0, -0.1], [Number.NaN], [Number.POSITIVE_INFINITY], []]) {
      expect(start(table, { costWeights })).toMatchObject({ code: "config", issues: [{ path: "costWeights" }] });
    }
    expect(start(table, { costWeights: [0, -0.1] }).message).toMatchInlineSnapshot(
      `"startHapsTraining: costWeights: got -0.1; expected at least one finite number >= 0; pass [0] for quality only"`,
    );
  });

  it("refuses a best arm of unknown cost", () => {
    const never = Number.NaN;
    const holes = tableOf({
      arms: ["a", "b"],
      scores: [
        [1, 0],
        [1, 0],
      ],
      costs: [
        [never, 1],
        [never, 1],
      ],
    });
    expect(start(holes)).toMatchObject({ code: "data", facts: { arm: 0 } });
  });

  it("warns of questions without an outcome and of outcomes without a cost, and goes on", () => {
    const never = Number.NaN;
    const gaps = tableOf({
      arms: ["a", "b"],
      scores: [
        [1, 0],
        [1, 0],
        [never, never],
      ],
      costs: [
        [1, 1],
        [1, never],
        [never, never],
      ],
    });
    const warnings: string[] = [];
    const onEvent = (event: FitEvent): void => {
      if (event.type === "warning") warnings.push(event.code);
    };
    startHapsTraining(contextOf(gaps, { onEvent }), testParts()).dispose();
    expect(warnings).toEqual(["no-outcome", "no-cost"]);
  });

  it("refuses arms outside the pool", () => {
    const [first] = table.pool.candidates;
    const pool = { candidates: [first as (typeof table.pool.candidates)[0]] };
    expect(start(table, { pool })).toMatchObject({ code: "unknown-candidate", facts: { candidate: "medium" } });
  });

  it("refuses configurations by field, misspelt ones with the others", () => {
    const wrong = {
      trainer: { members: 1, step: 3 },
      objective: { baseline: { kind: "moving" } },
    } as unknown as HapsConfig;
    const error = start(table, {}, wrong);
    expect(error.code).toBe("config");
    expect(error.message).toContain("members");
    expect(error.message).toContain("step");
    expect(start(table, {}, { objective: { baseline: { kind: "moving" } } })).toMatchObject({
      code: "config",
      issues: [{ path: "baseline" }],
    });
  });
});

describeOnCpu("resolveHapsConfig", () => {
  it("takes the entropy weight and the warm-up's temperature from the trainer's temperature unless they are given", () => {
    const { trainer, objective } = resolveHapsConfig();
    expect(objective.entropyWeight).toBe(trainer.temperature);
    expect(objective.warmUp).toEqual({ kind: "soft", temperature: trainer.temperature });
    const given = resolveHapsConfig({ trainer: { temperature: 0.3 }, objective: { entropyWeight: 0 } });
    expect(given.objective.entropyWeight).toBe(0);
    expect(given.objective.warmUp).toEqual({ kind: "soft", temperature: 0.3 });
  });

  it("refuses the gradient of tokens, of which recorded outcomes hold none", () => {
    expect(() => resolveHapsConfig({ objective: { parameterGradient: "tokenLikelihood" } })).toThrow(
      /resolveHapsConfig: objective.parameterGradient: recorded outcomes hold no tokens/,
    );
  });

  it("is plain JSON that resolves to itself", () => {
    const resolved = resolveHapsConfig({ levels: { high: "random" }, shareParameters: false });
    expect(resolveHapsConfig(JSON.parse(JSON.stringify(resolved)) as HapsConfig)).toEqual(resolved);
  });
});
