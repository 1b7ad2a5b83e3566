import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createLanguageModel, createLanguageModelTrainer, shuffledBatches } from "@haps/language-model";
import { hashFolder } from "@haps/run";
import { createRng, loadBackend, readVariables } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { Interrupted } from "../src/interrupted.ts";
import {
  type TrainedLanguageModel,
  type TrainLanguageModelOptions,
  trainLanguageModelInRun,
} from "../src/language-model/train-language-model-in-run.ts";
import { type Kill, Killed, killableFiles } from "./killable-files.ts";
import { temporaryFolder } from "./run-cli.ts";

const STEPS = 8;
const SHAPE = { family: "qwen2", vocabulary: 9, dim: 8, layers: 1, heads: 2, hidden: 8, context: 16 } as const;

const disposals: (() => void)[] = [];

/** A short training of a new model: a checkpoint after every third step, two passes a step. */
function shortTraining(folder: string, learningRate = 0.01): TrainLanguageModelOptions {
  const model = createLanguageModel({ ...SHAPE, tiedEmbeddings: true, rng: createRng(4) });
  disposals.push(() => model.dispose());
  const data = Array.from({ length: 10 }, (_, start) => ({
    tokens: Array.from({ length: 4 + (start % 4) }, (_entry, place) => (start + place) % 9),
  }));
  const config = { microBatchTokens: 12, optimizer: { learningRate } };
  const batches = shuffledBatches(data, { batchSize: 4, rng: createRng(5) });
  return {
    folder,
    model,
    trainer: createLanguageModelTrainer({ model, config, batches, rng: createRng(6) }),
    steps: STEPS,
    checkpointEvery: 3,
    identity: { trainer: config, seed: 6 },
    manifest: { versions: { haps: "test" }, backend: "cpu", commit: null, dataHash: "test" },
    signal: new AbortController().signal,
  };
}

/** Trains under the kills, one process after the other, then to the end. */
async function trainUnderKills(folder: string, kills: readonly Kill[]): Promise<TrainedLanguageModel> {
  for (const [index, kill] of kills.entries()) {
    const { files } = killableFiles(kill);
    const process = { pid: index + 1, isAlive: (pid: number) => pid === index + 1 };
    try {
      await trainLanguageModelInRun({ ...shortTraining(folder), files, process });
    } catch (error) {
      const killed = error instanceof Killed || (error instanceof Error && error.cause instanceof Killed);
      if (!killed) throw error;
    }
  }
  return trainLanguageModelInRun({ ...shortTraining(folder), process: { pid: 99, isAlive: (pid) => pid === 99 } });
}

/** Every changing operation, by turns before, in and after it. */
function killPoints(log: readonly string[]): Kill[] {
  const modes = ["before", "torn", "after"] as const;
  return log.map((_, index) => ({ at: index + 1, mode: modes[index % 3] as Kill["mode"] }));
}

describe("a training of a language model in a run folder", () => {
  beforeAll(async () => {
    await loadBackend(["cpu"]);
  });

  afterEach(() => {
    for (const dispose of disposals.splice(0)) dispose();
  });

  it("ends in the same bytes as an unbroken one wherever it is killed", async () => {
    const root = temporaryFolder();
    const { files, log } = killableFiles();
    const { tokens, resumedFrom } = await trainLanguageModelInRun({ ...shortTraining(join(root, "unbroken")), files });
    expect([tokens > STEPS, resumedFrom]).toEqual([true, 0]);
    const expected = await hashFolder(join(root, "unbroken"));
    const points = killPoints(log);
    expect(points.length).toBeGreaterThan(30);
    const resumptions = new Set<number>();
    for (const [index, point] of points.entries()) {
      const folder = join(root, `killed-${index}`);
      const trained = await trainUnderKills(folder, [point]);
      resumptions.add(trained.resumedFrom);
      const place = `killed ${point.mode} operation ${point.at}, ${log[point.at - 1]}`;
      expect([await hashFolder(folder), trained.tokens], place).toEqual([expected, tokens]);
    }
    expect([...resumptions].sort((a, b) => a - b)).toEqual([0, 3, 6, 8]);
  });

  it("ends in the same bytes after several kills", async () => {
    const root = temporaryFolder();
    await trainLanguageModelInRun(shortTraining(join(root, "unbroken")));
    await trainUnderKills(
      join(root, "killed"),
      [20, 12, 25, 3].map((at) => ({ at, mode: "torn" })),
    );
    expect(await hashFolder(join(root, "killed"))).toBe(await hashFolder(join(root, "unbroken")));
  });

  it("saves when it is interrupted between checkpoints and goes on from there", async () => {
    const root = temporaryFolder();
    await trainLanguageModelInRun(shortTraining(join(root, "unbroken")));
    const interruption = new AbortController();
    const stopped = trainLanguageModelInRun({
      ...shortTraining(join(root, "stopped")),
      signal: interruption.signal,
      onStep: ({ step }) => {
        if (step === 4) interruption.abort(new Interrupted());
      },
    });
    await expect(stopped).rejects.toThrow(Interrupted);
    expect(await trainLanguageModelInRun(shortTraining(join(root, "stopped")))).toMatchObject({ resumedFrom: 5 });
    expect(await hashFolder(join(root, "stopped"))).toBe(await hashFolder(join(root, "unbroken")));
  });

  it("gives an untrained model the weights of a finished run", async () => {
    const folder = join(temporaryFolder(), "run");
    const first = shortTraining(folder);
    const { tokens } = await trainLanguageModelInRun(first);
    const second = shortTraining(folder);
    const loaded = await trainLanguageModelInRun(second);
    expect(loaded).toEqual({ steps: STEPS, tokens, resumedFrom: STEPS, wasComplete: true });
    expect(readVariables(second.model.variables)).toEqual(readVariables(first.model.variables));
    expect(readVariables(shortTraining(folder).model.variables)).not.toEqual(readVariables(first.model.variables));
  });

  it("logs every step once", async () => {
    const folder = join(temporaryFolder(), "run");
    await trainUnderKills(folder, [{ at: 25, mode: "torn" }]);
    const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n");
    const steps = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: STEPS }, (_, step) => step));
    expect(Object.keys(steps[0] ?? {}).sort()).toEqual([
      "clipped",
      "gradientNorm",
      "learningRate",
      "loss",
      "passes",
      "step",
      "tokens",
    ]);
  });

  it("leaves the last checkpoint in force when it diverges", async () => {
    const folder = join(temporaryFolder(), "run");
    const options = shortTraining(folder);
    const { trainer, model } = options;
    const broken = {
      ...trainer,
      get completedSteps() {
        return trainer.completedSteps;
      },
      step: () => {
        if (trainer.completedSteps === 7)
          tf.tidy(() => model.variables.get("norm/gain").assign(tf.fill([SHAPE.dim], Number.NaN)));
        return trainer.step();
      },
    };
    await expect(trainLanguageModelInRun({ ...options, trainer: broken })).rejects.toMatchObject({
      code: "non-finite",
      facts: { step: 7 },
    });
    expect(await trainLanguageModelInRun(shortTraining(folder))).toMatchObject({ resumedFrom: 6, steps: STEPS });
  });

  it("refuses another training in its folder, and a trainer that has begun", async () => {
    const folder = join(temporaryFolder(), "run");
    await trainLanguageModelInRun(shortTraining(folder));
    await expect(trainLanguageModelInRun(shortTraining(folder, 0.02))).rejects.toMatchObject({ code: "config" });
    const begun = shortTraining(join(folder, "../other"));
    begun.trainer.step();
    await expect(trainLanguageModelInRun(begun)).rejects.toThrow(/has made 1 steps; expected none/);
    expect(await trainLanguageModelInRun({ ...shortTraining(folder, 0.02), fresh: true })).toMatchObject({
      resumedFrom: 0,
    });
  });
});
