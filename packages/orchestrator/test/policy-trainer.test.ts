import {
  type HapsModel,
  modelArrays,
  resolveHapsConfig,
  startHapsTraining,
  type TrainerSnapshot,
} from "@haps/orchestrator";
import type { OutcomeTable } from "@haps/spec";
import { makeTestTable } from "@haps/spec/testing";
import { describeEachBackend } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { createMember } from "../src/haps-parts.ts"; // internal
import { PolicyTrainer } from "../src/policy-trainer.ts"; // internal
import { describeOnCpu } from "./describe-on-cpu.ts";
import { numberFeatures, testParts, wordFeatures } from "./parts.ts";
import { contextOf } from "./train.ts";

const STEPS = 3;
const config = { trainer: { members: 2, steps: STEPS, batchRows: 4 } };
const table = makeTestTable({ questions: 10, missingEvery: 7 });
const context = contextOf(table, { costWeights: [0, 0.5] });

const numbersOf = (model: HapsModel): readonly (readonly [string, readonly number[]])[] =>
  [...modelArrays(model)].map(([name, { values }]) => [name, [...values]] as const);
const free = ({ policies }: HapsModel): void => {
  for (const { variables } of policies) variables.dispose();
};

/** A trainer on a table, without costs. */
function trainerOn(training: OutcomeTable, seed = 1): PolicyTrainer {
  const resolved = resolveHapsConfig({ trainer: { members: 3, steps: 4 } });
  const parts = testParts();
  const questions = training.rows.map(({ question }) => question);
  const featurizer = wordFeatures.fit(questions, 1);
  const { pool } = training;
  return new PolicyTrainer({
    table: training,
    pool,
    features: { values: featurizer.transform(questions), dimension: featurizer.dimension },
    makePolicy: (rng, prior) =>
      createMember({ parts, pool, roles: 1, featureDimension: featurizer.dimension, config: resolved, rng, prior }),
    settingsOf: (id) => parts.settingsOf(pool.candidates.find((one) => one.id === id) as (typeof pool.candidates)[0]),
    levels: resolved.levels,
    objective: resolved.objective,
    costScale: null,
    costWeights: [0],
    config: resolved.trainer,
    seed,
  });
}

function finished(trainer: PolicyTrainer): ReturnType<PolicyTrainer["finish"]> {
  while (!trainer.done) trainer.step();
  const members = trainer.finish();
  for (const { variables } of members.policies) variables.dispose();
  return members;
}

describeEachBackend("training", (backend) => {
  it("ends in the same bits when it is stopped and resumed at any step, for every kind of objective", () => {
    const objectives = [
      {},
      {
        assignmentGradient: "reinforce",
        baseline: { kind: "moving" },
        warmUp: { kind: "hard", tiePolicy: "randomOne" },
      },
    ] as const;
    for (const objective of backend === "cpu" ? objectives : objectives.slice(1)) {
      const start = () => startHapsTraining(context, testParts(), { config: { ...config, objective } });
      const unbroken = start();
      const snapshots: TrainerSnapshot[] = [unbroken.snapshot()];
      while (!unbroken.done) {
        unbroken.step();
        snapshots.push(unbroken.snapshot());
      }
      const expected = unbroken.finish();
      expect(snapshots).toHaveLength(2 * STEPS + 1);
      for (const { state, arrays } of snapshots) {
        const resumed = start();
        resumed.restore({ state: JSON.parse(JSON.stringify(state)) as typeof state, arrays });
        while (!resumed.done) resumed.step();
        const model = resumed.finish();
        expect(numbersOf(model)).toEqual(numbersOf(expected));
        expect(model.config).toEqual(expected.config);
        free(model);
      }
      free(expected);
    }
  });

  it("is repeatable from the same seed, and another one gives other weights", () => {
    const train = (seed: number) => {
      const training = startHapsTraining({ ...context, seed }, testParts(), { config });
      const steps = [];
      while (!training.done) steps.push(training.step());
      const model = training.finish();
      const numbers = numbersOf(model);
      free(model);
      return { steps, numbers };
    };
    const first = train(1);
    expect(train(1)).toEqual(first);
    expect(train(2).numbers).not.toEqual(first.numbers);
    expect(first.steps.map(({ member, step, phase }) => `${member}/${step} ${phase}`)).toEqual([
      "0/0 warm-up",
      "0/1 joint",
      "0/2 joint",
      "1/0 warm-up",
      "1/1 joint",
      "1/2 joint",
    ]);
    expect(first.steps.every(({ loss, gradientNorm }) => Number.isFinite(loss) && gradientNorm > 0)).toBe(true);
  });

  it("keeps a constant number of tensors within a member, and none after disposal", () => {
    const before = tf.memory().numTensors;
    const training = startHapsTraining(context, testParts(), { config });
    const counts: number[] = [];
    while (!training.done) {
      training.step();
      counts.push(tf.memory().numTensors - before);
    }
    const [one = 0] = counts;
    expect(one).toBeGreaterThan(0);
    expect(counts).toEqual([one, one, one, 2 * one, 2 * one, 2 * one]);
    const model = training.finish();
    training.dispose();
    expect(tf.memory().numTensors - before).toBe(2 * one);
    free(model);
    expect(tf.memory().numTensors).toBe(before);

    const stopped = startHapsTraining(context, testParts(), { config });
    stopped.step();
    stopped.dispose();
    stopped.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("never shows a member its own fold: poisoned rows change neither it nor what it says about them", () => {
    const clean = makeTestTable({ questions: 12, costs: false });
    const size = clean.arms.length;
    const trainer = trainerOn(clean);
    const { foldOf, heldOut } = finished(trainer);
    const poisoned = {
      ...clean,
      score: clean.score.map((v, cell) => (foldOf[Math.floor(cell / size)] === 1 ? 1 - v : v)),
    };
    const after = finished(trainerOn(poisoned)).heldOut;
    const rowsOf = (fold: number, values: Float32Array | undefined): number[] =>
      [...foldOf].flatMap((own, row) =>
        own === fold ? [...(values?.subarray(row * size, (row + 1) * size) ?? [])] : [],
      );
    expect(rowsOf(1, heldOut[0]).every((value) => value < 0)).toBe(true);
    expect(rowsOf(1, after[0])).toEqual(rowsOf(1, heldOut[0]));
    expect(rowsOf(0, after[0])).not.toEqual(rowsOf(0, heldOut[0]));
  });

  it("stops at a number that is not finite with code and step, writes nothing and leaks nothing", () => {
    const before = tf.memory().numTensors;
    const texts = makeTestTable({ questions: 4, costs: false });
    const rows = texts.rows.map((row, place) => ({
      ...row,
      question: { id: `${place}`, text: place === 2 ? "NaN" : "1" },
    }));
    const training = startHapsTraining(contextOf({ ...texts, rows }), testParts(numberFeatures(1)), {
      config: { trainer: { members: 4, steps: 2, warmUpShare: 0 } },
    });
    // The member that does not learn from the broken row trains well; another one does not begin.
    const failures: unknown[] = [];
    while (failures.length === 0) {
      try {
        training.step();
      } catch (error) {
        failures.push(error);
      }
    }
    const { completedSteps } = training;
    const expected = expect.objectContaining({
      code: "non-finite",
      facts: expect.objectContaining({ step: completedSteps }),
    });
    expect(failures).toEqual([expected]);
    expect(() => training.step()).toThrow(expected);
    expect(training.completedSteps).toBe(completedSteps);
    training.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describeOnCpu("the life of a training", () => {
  it("refuses to finish early, to go on when done, and to be used after finish or dispose", () => {
    const training = startHapsTraining(context, testParts(), { config });
    expect(() => training.finish()).toThrow(
      expect.objectContaining({ code: "state", facts: { completed: 0, total: 6 } }),
    );
    while (!training.done) training.step();
    expect(training.completedSteps).toBe(training.totalSteps);
    expect(() => training.step()).toThrow(expect.objectContaining({ code: "state" }));
    free(training.finish());
    expect(() => training.finish()).toThrow(expect.objectContaining({ code: "state" }));
    expect(() => training.snapshot()).toThrow(expect.objectContaining({ code: "state" }));

    const disposed = startHapsTraining(context, testParts(), { config });
    disposed.step();
    disposed.dispose();
    for (const use of [() => disposed.step(), () => disposed.snapshot(), () => disposed.finish()]) {
      expect(use).toThrow(expect.objectContaining({ code: "disposed" }));
    }
  });

  it("refuses a snapshot of another training with code state, and then stands at its beginning", () => {
    const before = tf.memory().numTensors;
    const training = startHapsTraining(context, testParts(), { config });
    training.step();
    const snapshot = training.snapshot();
    const without = (prefix: string): TrainerSnapshot => ({
      ...snapshot,
      arrays: new Map([...snapshot.arrays].filter(([name]) => !name.startsWith(prefix))),
    });
    for (const prefix of ["held-out/1", "member/0/backbone", "optimizer/mean"]) {
      expect(() => training.restore(without(prefix)), prefix).toThrow(expect.objectContaining({ code: "state" }));
      expect(training.completedSteps).toBe(0);
      expect(tf.memory().numTensors).toBe(before);
    }
    training.restore(snapshot);
    expect(training.completedSteps).toBe(1);
    training.dispose();
  });

  it("refuses features of another number of rows", () => {
    const parts = testParts();
    const short = { kind: "short", fit: () => ({ kind: "short", dimension: 2, transform: () => new Float32Array(3) }) };
    expect(() => startHapsTraining(context, { ...parts, featurizer: short }, { config })).toThrow(
      expect.objectContaining({ code: "shape", facts: expect.objectContaining({ expected: "[10, 2]" }) }),
    );
  });
});
