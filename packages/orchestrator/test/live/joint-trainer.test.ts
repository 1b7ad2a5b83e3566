import type { JointTrainerConfig } from "@haps/orchestrator";
import { type ObjectiveConfig, resolveObjective } from "@haps/reward";
import type { GradientItem, Outcome } from "@haps/spec";
import { createRng, type NamedArray } from "@haps/tensor";
import { describeEachBackend } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { describeOnCpu } from "../describe-on-cpu.ts";
import { objective, type Setup, setUp, weightsOf } from "./set-up.ts";
import { toyEngines, toyEnvironment, toyPolicy, toyQuestions } from "./toy.ts";

const numbersOf = (arrays: ReadonlyMap<string, NamedArray>): readonly (readonly [string, readonly number[]])[] =>
  [...arrays].map(([name, { values }]) => [name, [...values]] as const);
const askedOf = ({ engines }: Setup): readonly GradientItem[] => [...engines.values()].flatMap(({ asked }) => asked);
const objectiveOf = (config: ObjectiveConfig) => resolveObjective({ ...objective, ...config });
/** Steps as they are meant, with momentum and clipping. */
const trained = { optimizer: { learningRate: 0.02 }, clipNorm: 0.1 };

describeEachBackend("createJointTrainer", () => {
  it("ends in the same bits when it was saved and resumed after every step", async () => {
    const config = { ...trained, costWeights: [0, 0.5] };
    const options = { costScale: { kind: "minMax", offset: 1, scale: 2 } } as const;
    const moving = { ...options, objective: objectiveOf({ baseline: { kind: "moving", decay: 0.5 } }) };
    const unbroken = setUp(config, moving);
    for (let step = 0; step < 4; step += 1) await unbroken.trainer.step();
    let state = setUp(config, moving).trainer.state();
    for (let step = 0; step < 4; step += 1) {
      const { trainer, policy } = setUp(config, { ...moving, policy: toyPolicy(9) });
      trainer.restore({ ...state, progress: JSON.parse(JSON.stringify(state.progress)) as typeof state.progress });
      expect(trainer.completedSteps).toBe(step);
      await trainer.step();
      state = trainer.state();
      policy.variables.dispose();
    }
    const expected = unbroken.trainer.state();
    expect(state.progress).toEqual(expected.progress);
    expect(numbersOf(state.arrays)).toEqual(numbersOf(expected.arrays));
    unbroken.policy.variables.dispose();
  });

  it("leaves no tensor behind, whether a step succeeds or not", async () => {
    const good = setUp();
    const bad = setUp({}, { engines: toyEngines(() => Number.NaN) });
    await good.trainer.step();
    const { numTensors, numBytes } = tf.memory();
    for (let step = 0; step < 3; step += 1) await good.trainer.step();
    await expect(bad.trainer.step()).rejects.toThrow();
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    for (const { policy } of [good, bad]) policy.variables.dispose();
  });
});

describeOnCpu("createJointTrainer", () => {
  it("learns the toy: more reward and less entropy after training than before", async () => {
    const setup = setUp({ optimizer: { learningRate: 0.05 }, questionsPerStep: 3, rollouts: 8 });
    const rewards: number[] = [];
    const entropies: number[] = [];
    for (let step = 0; step < 80; step += 1) {
      const { meanReward, assignmentEntropy } = await setup.trainer.step();
      rewards.push(meanReward ?? 0);
      entropies.push(assignmentEntropy ?? 0);
    }
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(rewards.slice(-10)) - mean(rewards.slice(0, 10))).toBeGreaterThan(0.12);
    expect(mean(entropies.slice(-10))).toBeLessThan(mean(entropies.slice(0, 10)));
    setup.policy.variables.dispose();
  });

  it("goes through all questions before one comes again, in an order of every epoch's own", async () => {
    const many = toyQuestions(7);
    const { trainer, environment } = setUp({ questionsPerStep: 2, rollouts: 1 }, { questions: many });
    for (let step = 0; step < 7; step += 1) await trainer.step();
    const ids = environment.ran.map(({ trial }) => trial.question.id);
    const epochs = [ids.slice(0, 7), ids.slice(7)];
    for (const epoch of epochs) expect([...epoch].sort()).toEqual(many.map(({ question }) => question.id));
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(trainer.state().progress).toMatchObject({ step: 7, updates: 7, position: 14, episodes: 14, failed: 0 });
  });

  it("compares a question with its own other episodes, or with the batch where it has none", async () => {
    const rewardOf: Record<string, number> = { q0: 0.2, q1: 0.9, q2: 0.4 };
    const score = ({ question }: { readonly question: { readonly id: string } }): number =>
      rewardOf[question.id] as number;
    const own = setUp({ questionsPerStep: 3 }, { environment: toyEnvironment({ score }) });
    expect(await own.trainer.step()).toMatchObject({
      skippedShare: 1,
      gradientTokens: 0,
      loraNorms: expect.anything(),
    });
    expect(askedOf(own)).toHaveLength(0);
    const batch = setUp({ questionsPerStep: 3, rollouts: 1 }, { environment: toyEnvironment({ score }) });
    await batch.trainer.step();
    const weights = new Map(batch.environment.ran.map(({ trial }) => [trial.question.id, score(trial)]));
    const found = new Set(askedOf(batch).map(({ weight }) => (-3 * weight).toFixed(5)));
    const expected = [...weights.values()].map((value) => (value - (1.5 - value) / 2).toFixed(5));
    expect([...found].sort()).toEqual(expected.sort());
  });

  it("asks engines about episodes with an advantage only", async () => {
    const { trainer, engines, environment } = setUp(
      { questionsPerStep: 3, rollouts: 2 },
      { environment: toyEnvironment({ score: ({ question, seed }) => (question.id === "q1" ? seed % 7 : 0.5) }) },
    );
    const report = await trainer.step();
    const calls = environment.ran
      .filter(({ trial }) => trial.question.id === "q1")
      .flatMap(({ outcome }) => outcome.calls ?? []);
    const asked = [...engines.values()].flatMap((engine) => engine.asked.map(({ call }) => call));
    expect(asked).toHaveLength(4);
    expect(asked.map(({ role }) => role).sort()).toEqual(calls.map(({ role }) => role).sort());
    expect(report).toMatchObject({ gradientTokens: 4, episodes: 6 });
    expect(report.skippedShare).toBeCloseTo(2 / 3, 10);
  });

  it("leaves failed episodes out, and those that they leave without company", async () => {
    let seen = 0;
    const fails = ({ question }: { readonly question: { readonly id: string } }): boolean =>
      question.id === "q0" && seen++ > 0; // of the three episodes of q0 one is left
    const setup = setUp({ questionsPerStep: 3 }, { environment: toyEnvironment({ fails }) });
    const report = await setup.trainer.step();
    expect(report).toMatchObject({ episodes: 6, failed: 2, alone: 1 });
    const scores = setup.environment.ran.flatMap(({ trial, outcome }) =>
      trial.question.id !== "q0" && outcome.status === "ok" ? [outcome.score] : [],
    );
    expect(report.meanScore).toBeCloseTo(scores.reduce((sum, value) => sum + value, 0) / 6, 10);
  });

  it("goes on without an update when every episode of a step failed", async () => {
    const setup = setUp({}, { environment: toyEnvironment({ fails: () => true }) });
    const before = numbersOf(weightsOf(setup));
    expect(await setup.trainer.step()).toMatchObject({
      episodes: 0,
      failed: 6,
      meanReward: null,
      gradientNorm: null,
      gradientNorms: {},
    });
    expect(numbersOf(weightsOf(setup))).toEqual(before);
    expect(setup.trainer.state().progress).toMatchObject({ step: 1, updates: 0, failed: 6 });
  });

  it("weighs costs by each question's cost weight", async () => {
    const costScale = { kind: "minMax", offset: 1, scale: 2 } as const;
    const setup = setUp(
      { questionsPerStep: 3, rollouts: 1, costWeights: [0.5] },
      { costScale, objective: objectiveOf({ baseline: { kind: "none" } }) },
    );
    const report = await setup.trainer.step();
    const rewards = setup.environment.ran.map(({ outcome }) => {
      const { score, cost } = outcome as Extract<Outcome, { readonly score: number }>;
      return score - 0.5 * (((cost?.amount ?? Number.NaN) - 1) / 2);
    });
    expect(report.meanReward).toBeCloseTo(rewards.reduce((sum, value) => sum + value, 0) / 3, 10);
    expect(report.meanCost).toBeGreaterThanOrEqual(1);
  });

  it("divides by the tokens of an episode when told to", async () => {
    const sum = setUp({ tokenReduction: "sum" });
    const mean = setUp({ tokenReduction: "meanPerEpisode" });
    for (const { trainer } of [sum, mean]) await trainer.step();
    const [long, short] = [askedOf(sum), askedOf(mean)].map((items) => items.map(({ weight }) => weight));
    expect(short).toEqual(long?.map((weight) => weight / 2)); // two calls of one token
  });

  it("asks for the likelihood of the sampled distribution with its decoding, when told to", async () => {
    const decoding = {
      temperature: 0.8,
      topP: 0.9,
      nucleus: "released",
      maxTokens: 5,
      stop: ["."],
    } satisfies JointTrainerConfig["decoding"];
    const setup = setUp({ likelihood: "sampled", decoding });
    await setup.trainer.step();
    for (const { likelihood, decoding: used } of askedOf(setup)) {
      expect(likelihood).toBe("sampled");
      expect(used).toEqual({ temperature: 0.8, topP: 0.9, nucleus: "released" });
    }
    expect(setup.environment.ran[0]?.trial.roles.first?.decoding).toEqual(decoding);
  });

  it("shows engines of closed candidates nothing", async () => {
    const setup = setUp({ questionsPerStep: 3 }, { policy: toyPolicy(1, { generators: new Map() }) });
    const report = await setup.trainer.step();
    expect(askedOf(setup)).toHaveLength(0);
    expect(report.loraNorms).toEqual({});
    expect(Object.keys(report.gradientNorms)).toEqual(["backbone", "architecture"]);
  });

  it("changes only what is not frozen", async () => {
    const setup = setUp(trained, { frozen: /^(backbone|architecture)\//g });
    const before = weightsOf(setup);
    const { gradientNorms } = await setup.trainer.step();
    const after = weightsOf(setup);
    for (const [name, { values }] of before) {
      expect(values.every((value, index) => value === after.get(name)?.values[index])).toBe(!name.startsWith("lora/"));
    }
    expect(Object.keys(gradientNorms).sort()).toEqual(["lora/left", "lora/right"]);
  });

  it("trains the parts at rates of their own", async () => {
    const setup = setUp({ ...trained, parts: { backbone: { learningRateFactor: 0 } } });
    const before = weightsOf(setup);
    await setup.trainer.step();
    const moved = [...before].filter(
      ([name, { values }]) => !values.every((value, index) => value === weightsOf(setup).get(name)?.values[index]),
    );
    expect(moved.map(([name]) => name)).not.toContain("backbone/weight");
    expect(moved.map(([name]) => name)).toContain("architecture/logits");
  });

  it.each<[string, Partial<JointTrainerConfig>, number]>([
    ["fixed", { assignments: { fixed: [1, 0] } }, 1],
    ["random", { assignments: "random" }, 4],
  ])("plays %s assignments as an ablation, which get no gradient", async (_, config, distinct) => {
    const setup = setUp(
      { questionsPerStep: 3, rollouts: 8, ...config },
      { objective: objectiveOf({ assignmentGradient: "none" }) },
    );
    const report = await setup.trainer.step();
    const played = new Set(
      setup.environment.ran.map(({ trial }) =>
        Object.values(trial.roles)
          .map(({ candidate }) => candidate)
          .join(),
      ),
    );
    expect(played.size).toBe(distinct);
    if (distinct === 1) expect([...played]).toEqual(["right,left"]);
    expect(report.assignmentEntropy).toBeNull();
    expect(Object.keys(report.gradientNorms)).not.toContain("architecture");
  });

  it("plays without weights and asks no engine where the low level is left out", async () => {
    const setup = setUp({ withLora: false });
    await setup.trainer.step();
    expect(askedOf(setup)).toHaveLength(0);
    for (const { trial } of setup.environment.ran) expect(trial.roles.first).not.toHaveProperty("lora");
  });

  it("differentiates no tokens under parameterGradient none, and gives weights all the same", async () => {
    const setup = setUp(
      {},
      {
        objective: objectiveOf({ parameterGradient: "none" }),
        environment: toyEnvironment({ recordsCalls: false }),
      },
    );
    const { gradientNorms, gradientTokens } = await setup.trainer.step();
    expect(gradientTokens).toBe(0);
    expect(Object.keys(gradientNorms).sort()).toEqual(["architecture", "backbone"]);
    expect(setup.environment.ran[0]?.trial.roles.first).toHaveProperty("lora");
  });

  it("draws from its own streams, whatever the caller draws meanwhile", async () => {
    const rng = createRng(3);
    const disturbed = setUp({}, { rng });
    rng.uniform();
    const calm = setUp();
    for (const { trainer } of [disturbed, calm]) await trainer.step();
    expect(disturbed.environment.ran.map(({ trial }) => trial.seed)).toEqual(
      calm.environment.ran.map(({ trial }) => trial.seed),
    );
  });
});
