import {
  createAdamW,
  createRng,
  createSgd,
  type NamedVariables,
  type Optimizer,
  readVariables,
  trainStep,
} from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { TINY, tinyDecoderLoss, tinyDecoderVariables } from "./support/tiny-decoder.ts";

interface Trained {
  readonly losses: readonly number[];
  readonly values: ReadonlyMap<string, Float32Array>;
}

const schedule = { kind: "cosine", rate: 0.02, warmupSteps: 5, totalSteps: 100 } as const;
const optimizers = {
  AdamW: (variables: NamedVariables) => createAdamW(variables, { learningRate: schedule, weightDecay: 0.05 }),
  SGD: (variables: NamedVariables) => createSgd(variables, { learningRate: schedule, momentum: 0.9 }),
};

/** Trains on fresh random sentences in which every token follows from the one before. */
function train(optimizer: Optimizer, steps: number, from = 0): number[] {
  return Array.from({ length: steps }, (_, index) => {
    const rng = createRng(5).fork(`batch/${from + index}`);
    const sentences = Array.from({ length: 4 }, () => {
      const first = rng.integer(TINY.vocabulary);
      return Array.from({ length: TINY.tokens + 1 }, (_, token) => (first + 2 * token) % TINY.vocabulary);
    });
    const ids = tf.tensor2d(
      sentences.map((tokens) => tokens.slice(0, -1)),
      undefined,
      "int32",
    );
    const targets = tf.tensor2d(
      sentences.map((tokens) => tokens.slice(1)),
      undefined,
      "int32",
    );
    const { loss } = trainStep(optimizer, () => tinyDecoderLoss(optimizer.variables, ids, targets), { clipNorm: 1 });
    tf.dispose([ids, targets]);
    return loss;
  });
}

function readArrays(variables: NamedVariables): ReadonlyMap<string, Float32Array> {
  return new Map([...readVariables(variables)].map(([name, { values }]) => [name, values]));
}

function trained(make: (variables: NamedVariables) => Optimizer, steps: number): Trained {
  const variables = tinyDecoderVariables(3);
  const losses = train(make(variables), steps);
  const values = readArrays(variables);
  variables.dispose();
  return { losses, values };
}

describeEachBackend("training a small decoder", () => {
  it("learns", () => {
    const { losses } = trained(optimizers.AdamW, 100);
    expect(losses[0]).toBeGreaterThan(1.5);
    expect(losses.at(-1)).toBeLessThan(0.2);
  });

  for (const [name, make] of Object.entries(optimizers)) {
    it(`ends in the same bits after 50 steps, run twice: ${name}`, () => {
      const run = trained(make, 50);
      expect(trained(make, 50)).toEqual(run);
    });

    it(`ends in the same bits when it is stopped after 20 of 50 steps and resumed: ${name}`, () => {
      const [first, second] = [tinyDecoderVariables(3), tinyDecoderVariables(4)];
      const before = make(first);
      const losses = train(before, 20);
      const after = make(second);
      for (const [key, variable] of first) tf.tidy(() => second.get(key).assign(tf.clone(variable)));
      after.restore(before.state());
      losses.push(...train(after, 30, 20));
      expect({ losses, values: readArrays(second) }).toEqual(trained(make, 50));
      first.dispose();
      second.dispose();
    });
  }

  it("ends 100 steps with the tensors it began with", () => {
    const variables = tinyDecoderVariables(3);
    const optimizer = optimizers.AdamW(variables);
    train(optimizer, 1);
    const before = tf.memory();
    train(optimizer, 100, 1);
    const after = tf.memory();
    expect([after.numTensors, after.numBytes]).toEqual([before.numTensors, before.numBytes]);
    variables.dispose();
  });
});

describe("training a small decoder on two backends", () => {
  it("agrees within the rounding of float32 for 50 steps", async () => {
    const runs: Trained[] = [];
    for (const backend of ["cpu", "wasm"]) {
      await tf.setBackend(backend);
      runs.push(trained(optimizers.SGD, 50));
    }
    const [cpu, wasm] = runs as [Trained, Trained];
    expectClose(wasm.losses, cpu.losses, { rtol: 1e-4 });
    for (const [name, values] of wasm.values) {
      expectClose(values, cpu.values.get(name) ?? [], { rtol: 1e-4, atol: 1e-6 });
    }
  });
});
