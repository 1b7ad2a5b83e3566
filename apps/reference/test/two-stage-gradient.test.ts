import { createLoraGenerator, lastLayerTargets } from "@haps/hypernetwork";
import {
  createLanguageModel,
  createTensorEngine,
  embedTokens,
  finalNorm,
  type LanguageModel,
  logitsOf,
  packSequences,
  runLayers,
} from "@haps/language-model";
import {
  createRng,
  createVariables,
  joinVariables,
  type LoraGenerator,
  loraWeightsOf,
  lossAndGradients,
  type NamedVariables,
  surrogateLoss,
  tidyValue,
} from "@haps/tensor";
import { describeEachBackend } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const ITEMS = [
  { promptTokens: [1, 7, 3], tokens: [9, 4, 2], weight: 0.75 },
  { promptTokens: [1, 12], tokens: [6, 11, 11, 2], weight: -1.5 },
] as const;

function makeModel(): LanguageModel {
  const shape = { vocabulary: 16, dim: 8, layers: 3, heads: 2, keyValueHeads: 1, headDim: 6, hidden: 12, context: 32 };
  return createLanguageModel({ ...shape, family: "llama", rng: createRng(4), initialDeviation: 0.4 });
}

/** `-Σ weight log P(tokens | prompt)` with everything on one tape: hidden state, generator and language model. */
function directLoss(model: LanguageModel, generator: LoraGenerator, hidden: tf.Tensor2D): tf.Scalar {
  const sequences = ITEMS.map(({ promptTokens, tokens }) => [...promptTokens, ...tokens]);
  const { tokens, positions, segments } = packSequences(sequences);
  const sampleOf = segments.flatMap(({ length }, sample) => new Array<number>(length).fill(sample));
  const lora = [{ factors: generator.generate(hidden), sampleOf }];
  const states = runLayers(model, embedTokens(model, tokens), { positions, segments, lora });
  const weights = segments.flatMap(({ length }, item) => {
    const { promptTokens, weight } = ITEMS[item] as (typeof ITEMS)[number];
    return Array.from({ length }, (_, row) => (row >= promptTokens.length - 1 && row < length - 1 ? weight : 0));
  });
  const labels = sequences.flatMap((sequence) => [...sequence.slice(1), 0]);
  return tf.neg(sumOfLogs(logitsOf(model, finalNorm(model, states)), labels, weights));
}

function sumOfLogs(logits: tf.Tensor2D, labels: readonly number[], weights: readonly number[]): tf.Scalar {
  const rows = tf.oneHot(tf.tensor1d([...labels], "int32"), logits.shape[1]);
  const chosen = tf.sum(tf.mul(tf.logSoftmax(logits), rows), 1);
  return tf.sum<tf.Scalar>(tf.mul(chosen, tf.tensor1d([...weights])));
}

describeEachBackend("a two-stage gradient through the engine", () => {
  it.each([
    ["the last layer's output, shared", ["o"], 1, "sameForAllTargets"],
    ["the outputs of two layers, shared", ["o"], 2, "sameForAllTargets"],
    ["queries, from heads of their own", ["q"], 2, "perTarget"],
  ] as const)("is that of direct differentiation: %s", async (_case, projections, count, sharing) => {
    const model = makeModel();
    const [inputs, out] = projections[0] === "o" ? [12, 8] : [8, 12];
    const generator = createLoraGenerator({
      space: { targets: lastLayerTargets({ layers: 3, count, projections, in: inputs, out, rank: 2 }), scale: 0.3 },
      hiddenDimension: 5,
      trunkWidth: 6,
      sharing,
      rng: createRng(2),
    });
    const backbone = createVariables([["state", { shape: [2, 5], values: createRng(3).normals(10) }]]);
    const hidden = (): tf.Tensor2D => backbone.get("state") as tf.Tensor as tf.Tensor2D;
    const variables: NamedVariables = joinVariables({ backbone, generator: generator.variables });

    const direct = lossAndGradients(variables, () => directLoss(model, generator, hidden()));
    const lora = tidyValue(() => {
      const tensors = generator.generate(hidden());
      return ITEMS.map((_, row) => loraWeightsOf(tensors, row, `question ${row}`));
    });
    const engine = createTensorEngine({ candidate: "tiny", model });
    const { gradients } = await engine.loraGradient(
      ITEMS.map(({ weight, ...tokens }, row) => ({
        call: { role: "answerer", candidate: "tiny", ...tokens },
        lora: lora[row] as (typeof lora)[number],
        weight: -weight,
      })),
    );
    const twoStage = lossAndGradients(variables, () => surrogateLoss(generator.generate(hidden()), gradients));

    expect([...twoStage.gradients.keys()]).toEqual(variables.names());
    for (const [name, expected] of direct.gradients) {
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const gap = expected.reduce(
        (most, value, index) => Math.max(most, Math.abs(value - (twoStage.gradients.get(name)?.[index] as number))),
        0,
      );
      expect(largest, name).toBeGreaterThan(1e-3);
      expect(gap / Math.max(1, largest), name).toBeLessThan(1e-6);
    }
    variables.dispose();
    await engine.dispose();
    model.dispose();
  });
});
