import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decideLive } from "@haps/orchestrator";
import { hashFolder } from "@haps/run";
import { createRng, type NamedArray, readVariables } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { Interrupted } from "../../src/interrupted.ts";
import { createLivePolicy } from "../../src/live/create-live-policy.ts";
import type { LiveMethod, LiveMethodInput } from "../../src/live/live-method.ts";
import { type TrainLiveMethodOptions, trainLiveMethod } from "../../src/live/train-live-method.ts";
import { type Kill, Killed, killableFiles } from "../killable-files.ts";
import { temporaryFolder } from "../run-cli.ts";
import { TINY_METHOD, tinyMethod, tinyOutcomes, tinyTraining, useTinyPlace } from "./live-fixture.ts";

type Weights = ReadonlyMap<string, NamedArray>;

/** Parts of a policy of which two sets of weights differ. */
function changedParts(left: Weights, right: Weights): readonly string[] {
  expect([...left.keys()]).toEqual([...right.keys()]);
  const changed = [...left].filter(([name, { values }]) =>
    values.some((value, at) => value !== right.get(name)?.values[at]),
  );
  const part = (name: string): string => /^(?:lora\/\w+|[\w-]+)/u.exec(name)?.[0] ?? name;
  return [...new Set(changed.map(([name]) => part(name)))].sort();
}

interface LoggedStep {
  readonly assignmentEntropy: number | null;
  readonly gradientTokens: number;
  readonly gradientNorms: Readonly<Record<string, number>>;
}

function jointSteps(folder: string): readonly LoggedStep[] {
  const lines = readFileSync(join(folder, "joint/metrics.jsonl"), "utf8").trimEnd().split("\n");
  return lines.flatMap((line) => (JSON.parse(line) as { readonly step?: LoggedStep }).step ?? []);
}

const exclude = ["lock", "warm-up/lock", "joint/lock", "warm-up/timings.jsonl", "joint/timings.jsonl"];

describe("training of a live method", () => {
  const place = useTinyPlace();

  /** Weights of a method, and what became of them from the start. */
  async function train(
    changes: Partial<LiveMethodInput>,
  ): Promise<{ readonly folder: string; readonly changed: readonly string[]; readonly weights: Weights }> {
    const folder = join(temporaryFolder(), "method");
    const method = tinyMethod(changes);
    const trained = await trainLiveMethod(tinyTraining(place().setting, folder, { method }));
    const weights = readVariables(trained.policy.variables);
    trained.dispose();
    return { folder, weights, changed: changedParts(await initialWeights(method), weights) };
  }

  async function initialWeights(method: LiveMethod): Promise<Weights> {
    const live = await createLivePolicy(place().setting, method, createRng(1).fork("policy"));
    const weights = readVariables(live.policy.variables);
    live.dispose();
    return weights;
  }

  it("ends in the same bytes and weights as an unbroken one wherever it is killed", async () => {
    const root = temporaryFolder();
    const { files, log } = killableFiles();
    const unbroken = await trainLiveMethod(tinyTraining(place().setting, join(root, "unbroken"), { files }));
    const weights = readVariables(unbroken.policy.variables);
    const { costScale, costWeight } = unbroken;
    unbroken.dispose();
    const expected = await hashFolder(join(root, "unbroken"), { exclude });
    const rng = createRng(20_264);
    for (const mode of ["before", "torn", "after"] as const) {
      const kill: Kill = { at: 1 + rng.integer(log.length), mode };
      const folder = join(root, `killed-${kill.at}`);
      const killed = killableFiles(kill).files;
      const process = { pid: 1, isAlive: (pid: number) => pid === 1 };
      await expect(
        trainLiveMethod(tinyTraining(place().setting, folder, { files: killed, process })),
      ).rejects.toSatisfy(
        (error) => error instanceof Killed || (error instanceof Error && error.cause instanceof Killed),
      );
      const next = { pid: 99, isAlive: (pid: number) => pid === 99 };
      const resumed = await trainLiveMethod(tinyTraining(place().setting, folder, { process: next }));
      expect(readVariables(resumed.policy.variables), `killed ${mode} operation ${kill.at}`).toEqual(weights);
      expect(resumed).toMatchObject({ costScale, costWeight });
      resumed.dispose();
      expect(await hashFolder(folder, { exclude })).toBe(expected);
    }
  });

  it("goes on after an interruption within joint training", async () => {
    const root = temporaryFolder();
    const unbroken = await trainLiveMethod(tinyTraining(place().setting, join(root, "unbroken")));
    const weights = readVariables(unbroken.policy.variables);
    unbroken.dispose();
    const interruption = new AbortController();
    const before = tf.memory().numTensors;
    const stopped: TrainLiveMethodOptions = tinyTraining(place().setting, join(root, "stopped"), {
      signal: interruption.signal,
      onEvent: (phase, event) => {
        if (phase === "joint" && event.kind === "step") interruption.abort(new Interrupted());
      },
    });
    await expect(trainLiveMethod(stopped)).rejects.toThrow(Interrupted);
    expect(tf.memory().numTensors).toBe(before);
    const steps: number[] = [];
    const resumed = await trainLiveMethod(
      tinyTraining(place().setting, join(root, "stopped"), {
        onEvent: (_, event) => {
          if (event.kind === "step") steps.push(event.step.step);
        },
      }),
    );
    expect([steps, readVariables(resumed.policy.variables)]).toEqual([[1], weights]);
    resumed.dispose();
  });

  it("holds as many tensors after every step, and none when it is disposed", async () => {
    const before = tf.memory();
    const counts = new Map<string, Set<number>>();
    const trained = await trainLiveMethod(
      tinyTraining(place().setting, join(temporaryFolder(), "method"), {
        onEvent: (phase) => counts.set(phase, (counts.get(phase) ?? new Set()).add(tf.memory().numTensors)),
      }),
    );
    // The moments of the optimiser come with the first update.
    expect([...counts].map(([phase, distinct]) => [phase, distinct.size <= 2])).toEqual([
      ["warm-up", true],
      ["joint", true],
    ]);
    trained.dispose();
    const after = tf.memory();
    expect([after.numTensors, after.numBytes]).toEqual([before.numTensors, before.numBytes]);
  });

  it("trains all parts of both levels", async () => {
    const { changed, folder } = await train({});
    expect(changed).toEqual(["architecture", "backbone", "lora/large", "lora/small"]);
    expect(jointSteps(folder).every(({ gradientTokens }) => gradientTokens > 0)).toBe(true);
  });

  it("warms the high level up without its low level, towards what base models do best", async () => {
    const training = { steps: 40, validateEvery: 40 };
    const warmUp = { ...TINY_METHOD.warmUp, training } as LiveMethodInput["warmUp"];
    const method = tinyMethod({ warmUp, joint: null });
    const folder = join(temporaryFolder(), "method");
    const trained = await trainLiveMethod(tinyTraining(place().setting, folder, { method }));
    expect(changedParts(await initialWeights(method), readVariables(trained.policy.variables))).toEqual([
      "architecture",
      "backbone",
    ]);
    const { toLive, benchmark } = place().setting;
    const decisions = decideLive(trained.policy, benchmark.splits.test.map(toLive), {
      assignments: "best",
      label: "x",
    });
    expect(decisions.map(({ assignment }) => assignment)).toEqual(benchmark.splits.test.map(() => [1, 1]));
    trained.dispose();
  });

  it("prefers the cheap where the warm-up weighs costs", async () => {
    const { trainer, ...rest } = TINY_METHOD.warmUp as NonNullable<LiveMethodInput["warmUp"]>;
    const training = { steps: 40, validateEvery: 40 };
    const method = tinyMethod({
      warmUp: { ...rest, trainer: { ...trainer, costWeights: [5] }, training },
      joint: null,
    });
    const folder = join(temporaryFolder(), "method");
    const trained = await trainLiveMethod(tinyTraining(place().setting, folder, { method }));
    const { toLive, benchmark } = place().setting;
    const questions = benchmark.splits.test.map(toLive);
    const costWeights = questions.map(() => trained.costWeight);
    const decisions = decideLive(trained.policy, questions, { assignments: "best", costWeights, label: "x" });
    expect(trained.costWeight).toBe(5);
    expect(decisions.map(({ assignment }) => assignment)).toEqual(questions.map(() => [0, 0]));
    trained.dispose();
  });

  it("leaves the high level as the warm-up left it where parameters are not shared", async () => {
    const { folder, weights, changed } = await train({ shareParameters: false });
    expect(changed).toEqual(["architecture", "backbone", "lora/large", "lora/small", "private-backbone"]);
    const warmed = await trainLiveMethod(
      tinyTraining(place().setting, join(folder, "../warmed"), {
        method: tinyMethod({ shareParameters: false, joint: null }),
      }),
    );
    expect(changedParts(readVariables(warmed.policy.variables), weights)).toEqual([
      "lora/large",
      "lora/small",
      "private-backbone",
    ]);
    warmed.dispose();
  });

  it("makes the same weights for every question where the low level is blind to it", async () => {
    const ofQuestions = async (conditioning: "none" | "question"): Promise<readonly unknown[]> => {
      const method = tinyMethod({ low: { ...TINY_METHOD.low, conditioning }, warmUp: null });
      const folder = join(temporaryFolder(), conditioning);
      const trained = await trainLiveMethod(tinyTraining(place().setting, folder, { method }));
      const { toLive, benchmark } = place().setting;
      const decided = decideLive(trained.policy, benchmark.splits.test.map(toLive), {
        assignments: { fixed: [0, 1] },
        label: "x",
      });
      trained.dispose();
      return decided.map(({ lora }) => ["small", "large"].map((id) => lora.get(id)?.targets));
    };
    const blind = await ofQuestions("none");
    expect(blind).toEqual(blind.map(() => blind[0]));
    const [first, second] = await ofQuestions("question");
    expect(first).not.toEqual(second);
  });

  it("has nothing to generate without a low level", async () => {
    const { folder, weights, changed } = await train({ low: { kind: "none" } });
    expect([...weights.keys()].some((name) => name.startsWith("lora/"))).toBe(false);
    expect(changed).toEqual(["architecture", "backbone"]);
    expect(jointSteps(folder).map(({ gradientTokens }) => gradientTokens)).toEqual([0, 0]);
  });

  it.each([["random" as const], [{ fixed: [1, 0] }]])(
    "trains the low level alone with assignments %j",
    async (assignments) => {
      const { objective, trainer, training } = TINY_METHOD.joint as NonNullable<LiveMethodInput["joint"]>;
      const joint = { objective: { ...objective, assignmentGradient: "none" as const }, training };
      const { folder, changed } = await train({
        warmUp: null,
        joint: { ...joint, trainer: { ...trainer, assignments } },
      });
      expect(changed).toEqual(["backbone", "lora/large", "lora/small"]);
      expect(jointSteps(folder).map(({ assignmentEntropy }) => assignmentEntropy)).toEqual([null, null]);
    },
  );

  it("lets the language model write the assignment", async () => {
    const { weights, changed } = await train({ high: { form: "generated" }, warmUp: null });
    expect([...weights.keys()].some((name) => name.startsWith("architecture/"))).toBe(false);
    expect(changed).toEqual(["backbone", "lora/large", "lora/small"]);
  });

  it("learns a direction of the cost weight, and looks at valid with each weight", async () => {
    const { objective, trainer, training } = TINY_METHOD.joint as NonNullable<LiveMethodInput["joint"]>;
    const joint = { objective, trainer: { ...trainer, costWeights: [0.5, 1] }, training };
    const { folder, changed } = await train({ costConditioned: true, joint });
    expect(changed).toEqual(["architecture", "backbone", "cost", "lora/large", "lora/small"]);
    const result = JSON.parse(readFileSync(join(folder, "joint/result.json"), "utf8")) as {
      readonly curve: readonly { readonly figures: object }[];
    };
    expect(result.curve.map(({ figures }) => Object.keys(figures).sort())).toEqual([
      ["cost at 0.5", "cost at 1", "score at 0.5", "score at 1"],
    ]);
  });

  it("refuses to go on with another seed, method or outcomes", async () => {
    const folder = join(temporaryFolder(), "method");
    const { setting } = place();
    (await trainLiveMethod(tinyTraining(setting, folder, { method: tinyMethod({ joint: null }) }))).dispose();
    const before = tf.memory().numTensors;
    const { train: sampled, valid } = tinyOutcomes(setting);
    const fewer = { train: { ...sampled, table: { ...sampled.table, hash: "other" } }, valid };
    for (const changes of [{ seed: 2 }, { method: tinyMethod() }, { outcomes: fewer }]) {
      const method = tinyMethod({ joint: null });
      const again = trainLiveMethod(tinyTraining(setting, folder, { method, ...changes }));
      await expect(again).rejects.toMatchObject({ code: "config" });
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
