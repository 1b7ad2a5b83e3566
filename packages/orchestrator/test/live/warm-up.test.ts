import { createWarmUp, type WarmUpOptions, type WarmUpRow, type WarmUpTrainerConfig } from "@haps/orchestrator";
import { type ObjectiveConfig, resolveObjective } from "@haps/reward";
import { createRng, type NamedArray, type PromptPolicy, readVariables } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { describeOnCpu } from "../describe-on-cpu.ts";
import { plainToy, slopesOf } from "./plain-toy.ts";
import { difference, valuesOf } from "./set-up.ts";
import { toyPolicy, toyQuestions } from "./toy.ts";

const questions = toyQuestions(4);
const qualities = [
  [0.2, 1, 0, 0.5],
  [0, 0, 0, 0],
  [1, 1, 0.5, 0],
  [0.3, Number.NaN, 0.9, 0.1],
];
const rows: readonly WarmUpRow[] = questions.map(({ prompt }, row) => ({
  prompt,
  quality: qualities[row] as number[],
  normalisedCost: [0, 1, 1, 2],
}));
const DESCENT = { learningRate: 1e8, beta1: 0, beta2: 0, epsilon: 1e8 };
const failing = (code: string, text: string): Error =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as unknown }) as Error;
const numbersOf = (arrays: ReadonlyMap<string, NamedArray>): readonly (readonly [string, readonly number[]])[] =>
  [...arrays].map(([name, { values }]) => [name, [...values]] as const);

function warmUp(
  warm: ObjectiveConfig["warmUp"],
  config: WarmUpTrainerConfig,
  options: Partial<WarmUpOptions> = {},
): { readonly trainer: ReturnType<typeof createWarmUp>; readonly policy: PromptPolicy } {
  const { policy = toyPolicy() } = options;
  const objective = resolveObjective(warm === undefined ? {} : { warmUp: warm });
  return { trainer: createWarmUp({ rows, objective, rng: createRng(1), ...options, policy, config }), policy };
}

/** `Σ_b w_b Σ_a -t_a log q_a / Σ w`, q over the assignments that were run, in float64. */
function crossEntropy(
  weights: ReadonlyMap<string, ArrayLike<number>>,
  targets: readonly (readonly number[])[],
  rowWeights: readonly number[],
): number {
  const total = rowWeights.reduce((sum, weight) => sum + weight, 0);
  return targets.reduce((sum, target, row) => {
    const { logAssignments } = plainToy(weights, questions[row] as (typeof questions)[0]);
    const run = logAssignments.map((logProb, code) => (Number.isNaN(qualities[row]?.[code]) ? 0 : Math.exp(logProb)));
    const normaliser = Math.log(run.reduce((mass, probability) => mass + probability, 0));
    const own = target.reduce(
      (inner, share, code) => inner - share * ((logAssignments[code] as number) - normaliser),
      0,
    );
    return sum + ((rowWeights[row] as number) / total) * own;
  }, 0);
}

const softmax = (values: readonly number[], temperature: number): number[] => {
  const powers = values.map((value) => (Number.isNaN(value) ? 0 : Math.exp(value / temperature)));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
};

describeEachBackend("createWarmUp", () => {
  it.each<[string, ObjectiveConfig["warmUp"], readonly (readonly number[])[], readonly number[]]>([
    ["soft", { kind: "soft", temperature: 0.3 }, qualities.map((row) => softmax(row, 0.3)), [1, 1, 1, 1]],
    [
      "hard",
      { kind: "hard" },
      [
        [0, 1, 0, 0],
        [0, 0, 0, 0],
        [0.5, 0.5, 0, 0],
        [0, 0, 1, 0],
      ],
      [1, 0, 2, 1],
    ],
  ])("follows the cross-entropy to %s targets exactly", (kind, warm, targets, rowWeights) => {
    const { trainer, policy } = warmUp(warm, { optimizer: DESCENT, clipNorm: null, rowsPerStep: 4 });
    const before = readVariables(policy.variables);
    const report = trainer.step();
    const loss = (weights: ReadonlyMap<string, ArrayLike<number>>): number =>
      crossEntropy(weights, targets, rowWeights);
    expect(report.loss).toBeCloseTo(loss(valuesOf(before)), 5);
    expect(report.dropped).toBe(kind === "hard" ? 1 : 0);
    const got = difference(before, readVariables(policy.variables));
    for (const [name, slopes] of slopesOf(valuesOf(before), loss)) {
      expectClose(got.get(name) ?? [], slopes, { rtol: 1e-3, atol: 2e-6 });
    }
    policy.variables.dispose();
  });

  it("ends in the same bits when it was saved and resumed after every step, and leaves no tensor behind", () => {
    const config = { rowsPerStep: 3, costWeights: [0, 1], optimizer: { learningRate: 0.05 } };
    const unbroken = warmUp({ kind: "hard", tiePolicy: "randomOne" }, config);
    const { numTensors } = tf.memory();
    for (let step = 0; step < 4; step += 1) unbroken.trainer.step();
    expect(tf.memory().numTensors).toBe(numTensors);
    let state = warmUp({ kind: "hard", tiePolicy: "randomOne" }, config).trainer.state();
    for (let step = 0; step < 4; step += 1) {
      const { trainer } = warmUp({ kind: "hard", tiePolicy: "randomOne" }, config, { policy: toyPolicy(5) });
      trainer.restore({ ...state, progress: JSON.parse(JSON.stringify(state.progress)) as typeof state.progress });
      expect(trainer.completedSteps).toBe(step);
      trainer.step();
      state = trainer.state();
    }
    const expected = unbroken.trainer.state();
    expect(state.progress).toEqual(expected.progress);
    expect(numbersOf(state.arrays)).toEqual(numbersOf(expected.arrays));
  });
});

describeOnCpu("createWarmUp", () => {
  it("fits the high level to the best assignments and leaves the generators alone", () => {
    const { trainer, policy } = warmUp({ kind: "hard" }, { optimizer: { learningRate: 0.05 } });
    const lora = readVariables(policy.variables).get("lora/left/down")?.values;
    const losses = Array.from({ length: 200 }, () => trainer.step().loss ?? 0);
    expect(losses[199]).toBeLessThan(0.6 * (losses[0] ?? 0));
    expect(readVariables(policy.variables).get("lora/left/down")?.values).toEqual(lora);
  });

  it("weighs costs", () => {
    const { trainer } = warmUp(
      { kind: "hard" },
      { rowsPerStep: 4, costWeights: [1], optimizer: DESCENT, clipNorm: null },
    );
    // Rewards [.2, 0, -1, -1.5], [0, ..] and [1, 0, ..], [.3, -, -.1, ..]: the first assignment is best, and 0 is below the minimum.
    const weights = valuesOf(readVariables(toyPolicy().variables));
    const first = [1, 0, 0, 0];
    expect(trainer.step().loss).toBeCloseTo(crossEntropy(weights, [first, first, first, first], [1, 0, 1, 1]), 5);
  });

  it("goes on without an update where no row teaches anything", () => {
    const useless = questions.map(({ prompt }) => ({ prompt, quality: [0, 0, 0, 0] }));
    const { trainer, policy } = warmUp({ kind: "hard" }, { rowsPerStep: 2 }, { rows: useless });
    const before = numbersOf(readVariables(policy.variables));
    expect(trainer.step()).toMatchObject({ loss: null, dropped: 2, gradientNorm: null, gradientNorms: {} });
    expect(numbersOf(readVariables(policy.variables))).toEqual(before);
    expect(trainer.state().progress).toMatchObject({ step: 1, updates: 0, position: 2 });
  });

  it("stands before a step in which the gradients exploded", () => {
    const { trainer } = warmUp({ kind: "soft" }, { gradientLimit: 1e-9 });
    expect(() => trainer.step()).toThrow(failing("non-finite", "WarmUp.step"));
    expect(trainer.completedSteps).toBe(0);
  });

  it("refuses states of another seed", () => {
    const other = warmUp({ kind: "soft" }, {}, { rng: createRng(2) }).trainer.state();
    expect(() => warmUp({ kind: "soft" }, {}).trainer.restore(other)).toThrow(failing("state", "another seed"));
  });

  it("refuses rows and objectives that do not fit", () => {
    const [row] = rows as readonly [WarmUpRow];
    expect(() => warmUp({ kind: "none" }, {})).toThrow(failing("config", "objective.warmUp.kind"));
    expect(() => warmUp({ kind: "soft" }, {}, { rows: [] })).toThrow(failing("data", "no rows"));
    const short = { ...row, quality: [1] };
    expect(() => warmUp({ kind: "soft" }, {}, { rows: [short] })).toThrow(failing("shape", "quality of row 0"));
    const cut = { ...row, normalisedCost: [1] };
    expect(() => warmUp({ kind: "soft" }, {}, { rows: [cut] })).toThrow(failing("shape", "normalisedCost of row 0"));
    const free = { prompt: row.prompt, quality: row.quality };
    const weighed = () => warmUp({ kind: "soft" }, { costWeights: [0, 1] }, { rows: [free] });
    expect(weighed).toThrow(failing("data", "row 0 has no costs"));
    expect(() => warmUp({ kind: "soft" }, { rowsPerStep: 0 })).toThrow(failing("config", "rowsPerStep"));
  });
});
