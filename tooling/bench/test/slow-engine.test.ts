import { createLanguageModel, createTensorEngine } from "@haps/language-model";
import type { Generation, GenerationCall, GradientItem, LoraWeights } from "@haps/spec";
import { createRng } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { createSlowEngine, type SlowEngineSwitches } from "../src/joint/slow-engine.ts";

const shape = { family: "llama", vocabulary: 24, dim: 8, layers: 2, heads: 2, hidden: 12, context: 32 } as const;

function weightsOf(id: string, seed: number): LoraWeights {
  const rng = createRng(seed);
  const target = { layer: 1, projection: "o", in: 8, out: 8, rank: 2 } as const;
  return { id, scale: 0.7, targets: [{ target, down: rng.normals(16, 0.6), up: rng.normals(16, 0.6) }] };
}

const SWITCHES: readonly SlowEngineSwitches[] = [
  { calls: "alone" },
  { gradient: "full" },
  { weights: "merged" },
  { weights: "merged", gradient: "steps", calls: "alone" },
];

describeEachBackend("createSlowEngine", () => {
  it.each(SWITCHES)("takes another way to the numbers that it is timed against: %o", async (switches) => {
    const model = createLanguageModel({ ...shape, rng: createRng(1), initialDeviation: 0.4 });
    const engine = createTensorEngine({ candidate: "a", model });
    const slow = createSlowEngine({ candidate: "a", model, ...switches });
    const [first, second] = [weightsOf("first", 2), weightsOf("second", 3)];
    const calls = [first, second, undefined, first].map(
      (lora, seed): GenerationCall => ({
        prompt: { tokens: [1 + seed, 5, 9] },
        decoding: { maxTokens: 5, temperature: 1 },
        seed,
        ...(lora === undefined ? {} : { lora }),
      }),
    );
    const generated = async (by: typeof engine): Promise<readonly Generation[]> =>
      (await by.generate(calls)).map((settled) => {
        if (!settled.ok) throw settled.failure.error;
        return settled.value;
      });
    const expected = await generated(engine);
    expect((await generated(slow)).map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));

    const items = [0, 1, 3].map(
      (index): GradientItem => ({
        call: { role: "answerer", candidate: "a", ...(expected[index] as Generation) },
        lora: calls[index]?.lora as LoraWeights,
        weight: 0.5 - index,
      }),
    );
    const wanted = await engine.loraGradient(items);
    await slow.loraGradient(items);
    const before = tf.memory().numTensors;
    const got = await slow.loraGradient(items);
    expect(tf.memory().numTensors).toBe(before);
    expectClose(got.logLikelihoods, wanted.logLikelihoods, { rtol: 1e-4 });
    wanted.gradients.forEach(({ id, targets }, index) => {
      const own = got.gradients[index] as LoraWeights;
      expect(own.id).toBe(id);
      expect(own.targets[0]?.target).toEqual(targets[0]?.target);
      expectClose(own.targets[0]?.down ?? [], targets[0]?.down ?? [], { rtol: 1e-3, atol: 1e-5 });
      expectClose(own.targets[0]?.up ?? [], targets[0]?.up ?? [], { rtol: 1e-3, atol: 1e-5 });
    });
    await slow.dispose();
    await engine.dispose();
    model.dispose();
  });
});
