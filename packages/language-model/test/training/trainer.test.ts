import {
  countedTokens,
  createLanguageModel,
  createLanguageModelTrainer,
  type LanguageModel,
  type LanguageModelTrainer,
  nextTokenLoss,
  type TrainerConfig,
  type TrainingSequence,
} from "@haps/language-model";
import { createRng, lossAndGradients, readVariables } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { fixtureModel, readTrainingFixture } from "./training-fixture.ts";

const fixture = readTrainingFixture();

/** A half of random tokens, given twice: what a model with attention can predict in the second half. */
function repeatedPattern(vocabulary: number, half: number, rng = createRng(1)): TrainingSequence {
  const pattern = Array.from({ length: half }, () => rng.integer(vocabulary));
  return { tokens: [...pattern, ...pattern], lossFrom: half + 1 };
}

function smallTrainer(model: LanguageModel, config: TrainerConfig = {}, seed = 5): LanguageModelTrainer {
  const batches = (_step: number, rng: ReturnType<typeof createRng>) =>
    Array.from({ length: 3 }, (_, place) => repeatedPattern(11, 3 + place, rng.fork(`sequence ${place}`)));
  return createLanguageModelTrainer({ model, config, batches, rng: createRng(seed) });
}

/** Everything that a training is, as comparable bytes. */
function bytesOf(trainer: LanguageModelTrainer): unknown {
  const { progress, arrays } = trainer.state();
  return {
    progress,
    arrays: [...arrays].map(([name, { values }]) => [name, Buffer.from(values.buffer).toString("hex")]),
  };
}

describeEachBackend("createLanguageModelTrainer", (backend) => {
  it.each(["llama", "qwen2"] as const)("takes the clipped AdamW steps of an independent implementation: %s", (name) => {
    const { steps, weights } = fixture.models[name];
    const model = fixtureModel(name);
    const batches = () => fixture.sequences;
    const trainer = createLanguageModelTrainer({ model, config: fixture.config, batches, rng: createRng(1) });
    for (const expected of steps) {
      const { loss, gradientNorm, learningRate, clipped, tokens } = trainer.step();
      expectClose([loss, gradientNorm], [expected.loss, expected.gradientNorm], { rtol: 1e-5 });
      expectClose(learningRate, expected.learningRate, { rtol: 1e-12 });
      expect([clipped, tokens]).toEqual([true, 9]);
    }
    for (const [parameter, expected] of Object.entries(weights)) {
      expectClose(model.variables.get(parameter), expected, { rtol: 1e-4, atol: 2e-5 });
    }
    model.dispose();
  });

  it("adds up micro-batches to the gradient of the whole batch, weighted by the tokens that count", () => {
    const model = fixtureModel("qwen2");
    const whole = lossAndGradients(model.variables, () => nextTokenLoss(model, fixture.sequences));
    const results = [1, 10, 12, 100].map((microBatchTokens) => {
      const copy = fixtureModel("qwen2");
      const config = {
        microBatchTokens,
        clipNorm: null,
        optimizer: { learningRate: 1, beta1: 0, beta2: 0, epsilon: 1e3 },
      };
      const trainer = createLanguageModelTrainer({
        model: copy,
        config,
        batches: () => fixture.sequences,
        rng: createRng(1),
      });
      const step = trainer.step();
      expectClose(step.loss, whole.loss, { rtol: 1e-6 });
      // With these settings the moments are the gradient itself.
      for (const [name, gradient] of whole.gradients) {
        const mean = trainer.state().arrays.get(`optimizer/mean/${name}`)?.values as Float32Array;
        expectClose(mean, gradient, { rtol: 1e-6, atol: 1e-6 });
      }
      copy.dispose();
      return step.passes;
    });
    expect(results).toEqual([3, 2, 2, 1]);
    expect(fixture.sequences.map(countedTokens)).toEqual([5, 2, 2]); // equal weights would differ
    model.dispose();
  });

  // On cpu it would take too long, and learn the same.
  if (backend !== "cpu") {
    it("learns to repeat a pattern that it has never seen", () => {
      const shape = { family: "llama", vocabulary: 8, dim: 16, layers: 2, heads: 4, hidden: 48, context: 32 } as const;
      const model = createLanguageModel({ ...shape, rng: createRng(2) });
      const batches = (_step: number, rng: ReturnType<typeof createRng>) =>
        Array.from({ length: 16 }, () => repeatedPattern(8, 6, rng));
      const config = { optimizer: { learningRate: { kind: "constant", rate: 2e-2, warmupSteps: 10 } } } as const;
      const trainer = createLanguageModelTrainer({ model, config, batches, rng: createRng(3) });
      const first = trainer.step().loss;
      while (trainer.completedSteps < 150) trainer.step();
      const unseen = nextTokenLoss(
        model,
        Array.from({ length: 64 }, (_, seed) => repeatedPattern(8, 6, createRng(seed))),
      );
      expectClose(first, Math.log(8), { atol: 0.1 });
      expect(unseen.dataSync()[0]).toBeLessThan(0.1);
      unseen.dispose();
      model.dispose();
    });
  }

  it("is the same to the last bit when repeated, and when it was saved and resumed in between", () => {
    const train = (steps: number, from?: LanguageModelTrainer): LanguageModelTrainer => {
      const trainer = smallTrainer(fixtureModel("qwen2"), { microBatchTokens: 16 });
      if (from !== undefined) trainer.restore(from.state());
      while (trainer.completedSteps < steps) trainer.step();
      return trainer;
    };
    const unbroken = bytesOf(train(7));
    expect(bytesOf(train(7))).toEqual(unbroken);
    expect(bytesOf(train(7, train(4)))).toEqual(unbroken);
    expect(bytesOf(train(7, train(0)))).toEqual(unbroken);
    expect(bytesOf(train(6))).not.toEqual(unbroken);
  });

  it("keeps no tensors from step to step", () => {
    const model = fixtureModel("qwen2");
    const trainer = smallTrainer(model, { microBatchTokens: 10 });
    trainer.step();
    const { numTensors, numBytes } = tf.memory();
    for (let repeat = 0; repeat < 5; repeat += 1) {
      trainer.step();
      trainer.state();
      expect(tf.memory()).toMatchObject({ numTensors, numBytes });
    }
    model.dispose();
  });

  it("stops at a loss that is not finite, names tensor and step, and keeps the weights of the last good step", () => {
    const model = fixtureModel("llama");
    const trainer = smallTrainer(model);
    trainer.step();
    const good = bytesOf(trainer);
    const gain = model.variables.get("layers/1/mlp-norm/gain");
    const start = gain.dataSync().slice();
    tf.tidy(() => gain.assign(tf.fill(gain.shape, 1e38)));
    const broken = readVariables(model.variables);
    expect(() => trainer.step()).toThrow(
      expect.objectContaining({
        code: "non-finite",
        facts: expect.objectContaining({ step: 1, tensor: expect.any(String) }),
      }),
    );
    expect(readVariables(model.variables)).toEqual(broken);
    tf.tidy(() => gain.assign(tf.tensor(start, gain.shape)));
    expect(bytesOf(trainer)).toEqual(good);
    model.dispose();
  });

  it("stops when the gradients explode and names the largest", () => {
    const model = fixtureModel("llama");
    const trainer = smallTrainer(model, { gradientLimit: 0.5 });
    const good = bytesOf(trainer);
    expect(() => trainer.step()).toThrow(
      /norm is \d.* at step 0, most of it of "[\w/-]+"; expected at most 0.5; lower the/,
    );
    expect(bytesOf(trainer)).toEqual(good);
    model.dispose();
  });
});

describe("the state of a training", () => {
  it("is refused where it belongs to another seed, another model or nothing, and then nothing changes", () => {
    const trainer = smallTrainer(fixtureModel("llama"));
    trainer.step();
    const before = bytesOf(trainer);
    const state = trainer.state();
    const other = smallTrainer(fixtureModel("llama"), {}, 6);
    const tied = smallTrainer(fixtureModel("qwen2"));
    const wrong = { ...state, arrays: new Map([...state.arrays].filter(([name]) => name !== "model/norm/gain")) };
    expect(() => trainer.restore(other.state())).toThrow(
      expect.objectContaining({ code: "state", message: expect.stringMatching(/another seed/) }),
    );
    expect(() => trainer.restore(tied.state())).toThrow(expect.objectContaining({ code: "state" }));
    expect(() => trainer.restore(wrong)).toThrow(
      expect.objectContaining({ code: "state", message: expect.stringMatching(/missing \[norm\/gain\]/) }),
    );
    const { progress } = state;
    expect(() => trainer.restore({ ...state, progress: { ...progress, step: -1 } })).toThrow(
      expect.objectContaining({ code: "config" }),
    );
    expect(bytesOf(trainer)).toEqual(before);
  });

  it("is not given of weights that are not finite", () => {
    const model = fixtureModel("llama");
    const trainer = smallTrainer(model);
    const gain = model.variables.get("norm/gain");
    tf.tidy(() => gain.assign(tf.fill(gain.shape, Number.POSITIVE_INFINITY)));
    expect(() => trainer.state()).toThrow(
      expect.objectContaining({ code: "non-finite", facts: { tensor: "norm/gain", step: 0 } }),
    );
    model.dispose();
  });
});

describe("the configuration of a trainer", () => {
  it("lets gains and biases not decay, unless groups are given", () => {
    const norms = (config: TrainerConfig): number[] => {
      const model = fixtureModel("llama");
      const trainer = createLanguageModelTrainer({
        model,
        config: { ...config, optimizer: { learningRate: 1, epsilon: 1e9, weightDecay: 0.5, ...config.optimizer } },
        batches: () => [{ tokens: [1, 2, 3] }],
        rng: createRng(1),
      });
      const before = readVariables(model.variables);
      trainer.step();
      const after = readVariables(model.variables);
      model.dispose();
      return ["norm/gain", "head/kernel"].map(
        (name) => (after.get(name)?.values[0] as number) / (before.get(name)?.values[0] as number),
      );
    };
    expectClose(norms({}), [1, 0.5], { rtol: 1e-5 });
    expectClose(norms({ optimizer: { groups: [] } }), [0.5, 0.5], { rtol: 1e-5 });
  });

  it("is refused naming every wrong field", () => {
    const model = fixtureModel("llama");
    const config = { clipNorm: 0, microBatchTokens: 1.5, optimiser: {} } as TrainerConfig;
    const make = () => createLanguageModelTrainer({ model, config, batches: () => [], rng: createRng(1) });
    expect(make).toThrow(/clipNorm.*microBatchTokens.*optimiser/s);
    model.dispose();
  });
});
