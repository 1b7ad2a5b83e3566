import { describe, expect, it } from "vitest";
import type { EvaluationResult, MethodResult } from "../src/evaluation/evaluation-result.ts";
import { judge, ROUTES_BY_TASK } from "../src/evaluation/verdict.ts";

type Paired = MethodResult["versusHaps"];

function method(name: string, versusBestSingle: Paired, versusHaps: Paired, privileged = false): MethodResult {
  return {
    name,
    score: 0.5,
    interval: [0.4, 0.6],
    cost: null,
    costRatio: null,
    costRatioInterval: null,
    entropy: 0,
    entropyNormalised: 0,
    seedDeviation: null,
    privileged,
    reference: false,
    versusBestSingle,
    versusHaps,
    oracleShare: null,
    notRecorded: 0,
  };
}

function between(low: number, high: number): NonNullable<Paired> {
  return { difference: (low + high) / 2, low, high };
}

function resultOf(methods: readonly MethodResult[], simulated = false): EvaluationResult {
  return {
    kind: "evaluation",
    schemaVersion: 1,
    experiment: { name: "x", title: "X", question: "?", notes: [] },
    simulated,
    summary: { experiment: "x", questions: 9, texts: 9, folds: 2, seeds: [1], costWeight: 0, costUnit: null, methods },
    arms: [],
    shares: [],
    labels: null,
    curves: null,
    ablations: [],
    permutation: null,
    planted: null,
    warnings: [],
    provenance: {
      commit: "c",
      configHash: "h",
      dataHash: "d",
      backend: "wasm",
      versions: {},
      started: "",
      finished: "",
      jobs: 0,
      fitSeconds: 0,
      workers: 0,
      openings: 1,
    },
  };
}

describe("judge", () => {
  it.each([
    [0.01, 0.03, "gain", /scores higher than always using the best single arm: \+0\.0200 \[\+0\.0100, \+0\.0300\]/],
    [-0.01, 0.03, "none", /cannot be told apart/],
    [-0.03, -0.01, "loss", /scores lower/],
  ] as const)("reads an interval from %d to %d as %s", (low, high, kind, headline) => {
    const verdict = judge(resultOf([method("haps", between(low, high), between(0, 0))]));
    expect(verdict.kind).toBe(kind);
    expect(verdict.headline).toMatch(headline);
  });

  it("says that it routes by task where it does not beat the table of tasks", () => {
    const haps = method("haps", between(0.01, 0.03), between(0, 0));
    const level = judge(resultOf([haps, method("task-table", between(0, 0.02), between(-0.01, 0.002), true)]));
    expect(level.sentences.join(" ")).toContain(ROUTES_BY_TASK);
    const beaten = judge(resultOf([haps, method("task-table", between(0, 0.02), between(-0.02, -0.002), true)]));
    expect(beaten.sentences.join(" ")).not.toContain(ROUTES_BY_TASK);
    expect(beaten.sentences.join(" ")).toContain("HAPS minus task-table +0.0110 [+0.0020, +0.0200]");
  });

  it.each([
    [-0.01, 0.03],
    [-0.03, -0.01],
  ])("says also without a gain, from %d to %d, that at best it routes by task", (low, high) => {
    const haps = method("haps", between(low, high), between(0, 0));
    const text = (versusHaps: Paired) =>
      judge(resultOf([haps, method("task-table", between(0, 0.02), versusHaps, true)])).sentences.join(" ");
    expect(text(between(-0.01, 0.002))).toContain(`at best it ${ROUTES_BY_TASK}`);
    expect(text(between(-0.02, -0.002))).not.toContain(ROUTES_BY_TASK);
  });

  it("does not say of HAPS without recorded pairs that it was left out", () => {
    const verdict = judge(resultOf([method("haps", null, null)]));
    expect(verdict.kind).toBe("unknown");
    expect(verdict.headline).toMatch(/cannot be compared with the best single arm/);
    expect(judge(resultOf([method("knn", null, null)])).headline).toMatch(/HAPS was not among the methods/);
  });

  it("sorts rivals into better, worse and level", () => {
    const versus = { knn: between(0.001, 0.01), ridge: between(-0.02, -0.01), mlp: between(-0.01, 0.01) };
    const rivals = Object.entries(versus).map(([name, paired]) => method(name, between(0, 0), paired));
    const text = judge(resultOf([method("haps", between(0.01, 0.03), between(0, 0)), ...rivals])).sentences.join(" ");
    expect(text).toBe("It scores higher than ridge. It cannot be told apart from mlp. It scores lower than knn.");
  });

  it("labels simulated outcomes, and says where HAPS was not measured", () => {
    const simulated = judge(resultOf([method("haps", between(0.01, 0.03), between(0, 0))], true));
    expect(simulated.headline).toMatch(/^Simulated outcomes: /);
    expect(judge(resultOf([method("knn", between(0, 0), null)])).kind).toBe("unknown");
  });
});
