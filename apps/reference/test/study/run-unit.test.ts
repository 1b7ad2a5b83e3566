import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { evaluateLive } from "@haps/orchestrator";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";
import type { LiveItem, LiveSplit } from "../../src/live/live-benchmark.ts";
import type { LiveMethodInput } from "../../src/live/live-method.ts";
import { trainLiveMethod } from "../../src/live/train-live-method.ts";
import { liveDiagnostics } from "../../src/study/live-diagnostics.ts";
import { trainUnit } from "../../src/study/run-live-unit.ts";
import { runUnit, type UnitProgress } from "../../src/study/run-unit.ts";
import type { StudyContext } from "../../src/study/study-context.ts";
import { unitRecordSchema } from "../../src/study/study-unit.ts";
import { MANIFEST, TINY_METHOD, tinyMethod, tinyOutcomes, tinyTraining, useTinyPlace } from "../live/live-fixture.ts";
import { type Planted, plantedOutcomes } from "../live/planted-outcomes.ts";
import { temporaryFolder } from "../run-cli.ts";
import { studyConfig } from "./study-fixture.ts";

const { signal } = new AbortController();
const place = useTinyPlace();

/** A study of one method in a folder of its own; base models that do as planted. */
function context(changes: object = {}, more: object = {}): StudyContext {
  const { setting, poolFolder } = place();
  const { train, valid } = tinyOutcomes(setting);
  const planted = { score: () => [0, 0, 0, 1], cost: () => [1, 2, 3, 4] };
  return {
    config: studyConfig({
      base: TINY_METHOD,
      methods: { haps: { role: "haps", description: "x", changes, ...more } },
      primary: [{ id: "one", method: "haps", baseline: "random" }],
    }),
    poolFolder,
    folder: temporaryFolder(),
    samples: { train: "", valid: "", test: "" },
    manifest: MANIFEST,
    setting,
    outcomes: { train, valid, test: plantedOutcomes(setting.benchmark.splits.test, planted) },
    dispose: () => Promise.resolve(),
  };
}

describe("a unit of a live method", () => {
  it("trains, evaluates and looks at what its weights did", async () => {
    const study = context();
    const told: UnitProgress[] = [];
    const unit = { method: "haps", seed: 3, kind: "live" } as const;
    const record = await runUnit(study, unit, { signal, onProgress: (progress) => told.push(progress) });
    expect(unitRecordSchema.parse(record)).toEqual(record);
    expect(record).toMatchObject({ method: "haps", seed: 3, costWeight: 0 });
    expect(record).not.toHaveProperty("draw");
    expect([record.valid.score.length, record.test.score.length]).toEqual([4, 6]);
    expect(record.test.assignment.every((code) => code < 4)).toBe(true);
    expect(record.curve.map(({ step }) => step)).toEqual([2]);
    // The look at valid that chose the weights is the same evaluation.
    const mean = record.valid.score.reduce<number>((sum, score) => sum + (score ?? 0), 0) / 4;
    expect(record.curve[0]?.score).toBeCloseTo(mean, 12);
    const names = [
      "changedAnswers",
      "updateSize/small",
      "updateSize/large",
      "gradientNorm/backbone",
      "gradientNorm/lora/small",
    ];
    expect(Object.keys(record.diagnostics)).toEqual(expect.arrayContaining(names));
    expect(record.diagnostics["updateSize/small"]).toBeGreaterThan(0);
    expect(told.map(({ phase, step, steps }) => `${phase} ${step}/${steps}`)).toEqual([
      "warm-up 1/2",
      "warm-up 2/2",
      "joint 1/2",
      "joint 2/2",
      "test 0/6",
    ]);
    // Once more, from what is on disk.
    const before = tf.memory().numTensors;
    expect(await runUnit(study, unit, { signal })).toEqual(record);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("keeps the untrained generator that does best on valid, and finds it again", async () => {
    const low = { rank: 8, trunkWidth: 8, scale: 20, init: "xavier" };
    const study = context({ joint: null, low }, { draws: 3 });
    const unit = { method: "haps", seed: 1, kind: "live" } as const;
    const record = await runUnit(study, unit, { signal });
    const { benchmark, toLive, environment, decoding } = study.setting;
    const scores: number[] = [];
    for (const draw of [0, 1, 2]) {
      const trained = await trainUnit(study, unit, { signal }, draw);
      const questions = benchmark.splits.valid.map(toLive);
      const { meanScore } = await evaluateLive({
        policy: trained.policy,
        environment,
        questions,
        decoding,
        label: "x",
      });
      scores.push(meanScore ?? Number.NaN);
      trained.dispose();
    }
    expect(new Set(scores).size).toBeGreaterThan(1);
    expect(record.draw).toBe(scores.indexOf(Math.max(...scores)));
    const mean = record.valid.score.reduce<number>((sum, score) => sum + (score ?? 0), 0) / 4;
    expect(mean).toBeCloseTo(Math.max(...scores), 12);
    expect(record.curve).toEqual([]);
  });
});

describe("diagnostics of the low level", () => {
  async function diagnose(changes: Partial<LiveMethodInput>): Promise<Readonly<Record<string, number | null>>> {
    const folder = join(temporaryFolder(), "method");
    const method = tinyMethod({ warmUp: null, joint: null, ...changes });
    const trained = await trainLiveMethod(tinyTraining(place().setting, folder, { method }));
    const before = tf.memory().numTensors;
    const figures = await liveDiagnostics(place(), trained, method, `${folder}/joint`);
    expect(tf.memory().numTensors).toBe(before);
    trained.dispose();
    return figures;
  }

  it("show zeros where it changes nothing", async () => {
    const figures = await diagnose({ low: { rank: 2, trunkWidth: 8, init: "zeroUp" } });
    const { "divergence/large": large, "divergence/small": small, ...rest } = figures;
    expect(rest).toEqual({ changedAnswers: 0, "updateSize/small": 0, "updateSize/large": 0 });
    // A candidate that nobody chose said nothing.
    const spoken = [large, small].filter((figure) => figure !== null);
    expect(spoken.length).toBeGreaterThan(0);
    for (const figure of spoken) expect(figure).toBeCloseTo(0, 12);
  });

  it("show what it changes", async () => {
    const figures = await diagnose({ low: { rank: 8, trunkWidth: 8, init: "xavier", scale: 20 } });
    expect(figures["updateSize/small"]).toBeGreaterThan(0);
    expect(figures["updateSize/large"]).toBeGreaterThan(0);
    const divergence = [figures["divergence/small"], figures["divergence/large"]].filter((figure) => figure !== null);
    for (const figure of divergence) expect(figure).toBeGreaterThan(0.01);
  });

  it("are gradient norms alone where there is no low level: means over the steps of the log", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "joint"));
    const line = (norms: object): string => JSON.stringify({ kind: "step", step: { gradientNorms: norms } });
    const lines = [
      line({ backbone: 1, "lora/small": 4 }),
      line({ backbone: 3 }),
      '{"kind":"validation","point":{}}',
      "",
    ];
    writeFileSync(join(folder, "joint/metrics.jsonl"), lines.join("\n"));
    const method = tinyMethod({ low: { kind: "none" } });
    const trained = await trainLiveMethod(
      tinyTraining(place().setting, join(folder, "own"), { method: { ...method, joint: null } }),
    );
    expect(await liveDiagnostics(place(), trained, method, join(folder, "joint"))).toEqual({
      "gradientNorm/backbone": 2,
      "gradientNorm/lora/small": 4,
    });
    trained.dispose();
  });
});

describe("a unit of a router", () => {
  const words = ["red apple pear", "blue river stone", "green engine wheel", "white cloud storm"];
  const classOf = ({ labels }: LiveItem): number => Number(labels.class);
  /** In another order of classes in every split, so that rows cannot be mistaken for each other. */
  const itemsOf = (split: LiveSplit, count: number, shift: number): readonly LiveItem[] =>
    Array.from({ length: count }, (_, row) => {
      const own = (row * 3 + shift) % 4;
      const text = `${words[own]} ${split} number ${row}?`;
      return { question: { id: `${split}-${row}`, text, gold: { answer: "x" } }, labels: { class: String(own) } };
    });
  const planted: Planted = {
    score: (item, row) => [0, 1, 2, 3].map((code) => (code === classOf(item) ? 0.9 : 0.1) + row / 1000),
    cost: (_, row) => [0, 1, 2, 3].map((code) => 100 * code + row),
  };
  let study: StudyContext;
  const items = { train: itemsOf("train", 40, 0), valid: itemsOf("valid", 7, 1), test: itemsOf("test", 13, 2) };

  beforeAll(() => {
    const outcomes = {
      train: plantedOutcomes(items.train, planted),
      valid: plantedOutcomes(items.valid, planted),
      test: plantedOutcomes(items.test, planted),
    };
    study = { outcomes } as StudyContext;
  });

  it("gets for each question what its choice got there", async () => {
    const record = await runUnit(study, { method: "knn", seed: 1, kind: "router" }, { signal });
    expect(unitRecordSchema.parse(record)).toEqual(record);
    for (const split of ["valid", "test"] as const) {
      expect(record[split].assignment).toEqual(items[split].map(classOf));
      expect(record[split].score).toEqual(items[split].map((_, row) => 0.9 + row / 1000));
      expect(record[split].cost).toEqual(items[split].map((item, row) => 100 * classOf(item) + row));
    }
  });

  it("has no score where the chosen trial failed", async () => {
    const failing: Planted = {
      ...planted,
      score: (item, row) =>
        planted.score(item, row).map((score, code) => (row === 3 && code === classOf(item) ? Number.NaN : score)),
    };
    const test = plantedOutcomes(items.test, failing);
    const broken = { ...study, outcomes: { ...study.outcomes, test } };
    const record = await runUnit(broken, { method: "knn", seed: 1, kind: "router" }, { signal });
    expect(record.test.score.flatMap((score, row) => (score === null ? [row] : []))).toEqual([3]);
  });
});
