import {
  createTensorEngine,
  embedTokens,
  finalNorm,
  type LanguageModel,
  logitsOf,
  packSequences,
  projectionSize,
  runLayers,
} from "@haps/language-model";
import type { GradientItem, LoraTarget } from "@haps/spec";
import {
  createRng,
  createVariables,
  type LoraTensors,
  loraWeightsOf,
  lossAndGradients,
  type NamedVariables,
  softmaxCrossEntropy,
  surrogateLoss,
  tidyValue,
} from "@haps/tensor";
import { describeEachBackend } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { smallModel, smallShapes } from "../decoder/small-models.ts";

const HIDDEN = 3;
const SCALE = 0.5;
const PROMPTS = [[1, 7, 3, 3], [5], [2, 9]];
const REWARDS = [0.8, -1.25, 0.4];

/** Hidden states of three questions and a linear map of them per factor: the smallest thing that generates LoRA weights. */
function makeGenerator(model: LanguageModel, places: readonly Pick<LoraTarget, "layer" | "projection">[]) {
  const targets = places.map(({ layer, projection }): LoraTarget => {
    return { layer, projection, ...projectionSize(model.config, projection), rank: 2 };
  });
  const normal = (name: string, rows: number, columns: number) =>
    [
      name,
      {
        shape: [rows, columns],
        values: createRng(7)
          .fork(name)
          .normals(rows * columns, 0.4),
      },
    ] as const;
  const variables = createVariables([
    normal("hidden", PROMPTS.length, HIDDEN),
    ...targets.flatMap((target, index) => [
      normal(`${index}/down`, HIDDEN, target.rank * target.in),
      normal(`${index}/up`, HIDDEN, target.out * target.rank),
    ]),
  ]);
  return { targets, variables };
}

function generate(targets: readonly LoraTarget[], variables: NamedVariables): LoraTensors {
  const hidden = variables.get("hidden");
  const factor = (name: string, shape: readonly [number, number]): tf.Tensor3D =>
    tf.reshape(tf.matMul(hidden, variables.get(name)), [PROMPTS.length, ...shape]);
  return {
    scale: SCALE,
    targets: targets.map((target, index) => ({
      target,
      down: factor(`${index}/down`, [target.rank, target.in]),
      up: factor(`${index}/up`, [target.out, target.rank]),
    })),
  };
}

/** `-Σ reward log P(tokens | prompt)` with generator and decoder on one tape. */
function directLoss(model: LanguageModel, factors: LoraTensors, replies: readonly (readonly number[])[]): tf.Scalar {
  const sequences = PROMPTS.map((prompt, index) => [...prompt, ...(replies[index] as readonly number[])]);
  const { tokens, positions, segments } = packSequences(sequences);
  const sampleOf = segments.flatMap(({ length }, sample) => new Array<number>(length).fill(sample));
  const states = runLayers(model, embedTokens(model, tokens), {
    positions,
    segments,
    lora: [{ factors, sampleOf }],
  });
  const labels = sequences.flatMap((sequence) => [...sequence.slice(1), 0]);
  const weights = segments.flatMap(({ length }, index) => {
    const prompt = (PROMPTS[index] as number[]).length;
    return Array.from({ length }, (_, row) => (row >= prompt - 1 && row < length - 1 ? (REWARDS[index] as number) : 0));
  });
  const logits = logitsOf(model, finalNorm(model, states));
  const losses = softmaxCrossEntropy(logits, tf.tensor1d(labels, "int32"), { reduction: "none" });
  return tf.sum<tf.Scalar>(tf.mul(losses, tf.tensor1d(weights)));
}

describeEachBackend("a two-stage gradient through the tensor engine", () => {
  it.each([
    ["the output of the last layer", [{ layer: 1, projection: "o" }]],
    [
      "several projections of both layers",
      [
        { layer: 0, projection: "v" },
        { layer: 1, projection: "q" },
        { layer: 1, projection: "down" },
      ],
    ],
  ] as const)("is that of one tape through generator and decoder: %s", async (_, places) => {
    const model = smallModel(smallShapes["mistral with a window and all biases"]!, 11);
    const engine = createTensorEngine({ candidate: "tiny", model });
    const { targets, variables } = makeGenerator(model, places);
    // First stage: weights as plain arrays, replies by the engine, slopes back from it.
    const lora = tidyValue(() => {
      const factors = generate(targets, variables);
      return PROMPTS.map((__, row) => loraWeightsOf(factors, row, `question ${row}`));
    });
    const settled = await engine.generate(
      PROMPTS.map((tokens, row) => ({
        prompt: { tokens },
        decoding: { maxTokens: 6, temperature: 1 },
        seed: row,
        ...(lora[row] === undefined ? {} : { lora: lora[row] }),
      })),
    );
    const items = settled.map((entry, row): GradientItem => {
      if (!entry.ok) throw new Error(entry.failure.message);
      const call = { role: "answerer", candidate: "tiny", ...entry.value };
      return { call, lora: lora[row] as (typeof lora)[number], weight: -(REWARDS[row] as number) };
    });
    const { gradients } = await engine.loraGradient(items);
    // Second stage: a pass of the generator alone.
    const twoStage = lossAndGradients(variables, () => surrogateLoss(generate(targets, variables), gradients));
    const replies = items.map(({ call }) => call.tokens);
    const direct = lossAndGradients(variables, () => directLoss(model, generate(targets, variables), replies));

    expect([...direct.gradients.keys()]).toEqual(variables.names());
    for (const [name, expected] of direct.gradients) {
      const got = twoStage.gradients.get(name);
      const largest = expected.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
      const gap = expected.reduce((most, slope, at) => Math.max(most, Math.abs(slope - (got?.[at] as number))), 0);
      expect(largest, name).toBeGreaterThan(1e-3);
      expect(gap / Math.max(1, largest), name).toBeLessThan(1e-6);
    }
    variables.dispose();
    await engine.dispose();
    model.dispose();
  });
});
