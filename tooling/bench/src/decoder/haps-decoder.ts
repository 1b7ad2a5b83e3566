import {
  applyDecoderBlock,
  applyLinear,
  applyNorm,
  createAdamW,
  createRng,
  createVariables,
  decoderBlockParameters,
  embedding,
  linearParameters,
  type NamedArray,
  normalMatrix,
  normParameters,
  readVariables,
  softmaxCrossEntropy,
  trainStep,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { type DecoderBatch, type DecoderSizes, TRAINING } from "./decoder-sizes.ts";
import type { DecoderTrainer } from "./decoder-trainer.ts";

/** The starting values that both decoders share, by the names of the layers of `@haps/tensor`. */
export function decoderParameters(sizes: DecoderSizes, seed: number): readonly (readonly [string, NamedArray])[] {
  const { vocabulary, dim, heads, hidden, layers } = sizes;
  const rng = createRng(seed);
  const options = { dim, heads, hidden, mlp: "swiglu", norm: "rms", bias: false, rng } as const;
  return [
    normalMatrix("embedding", vocabulary, dim, { rng, deviation: 1 }),
    ...Array.from({ length: layers }, (_, layer) => decoderBlockParameters(`block-${layer}`, options)).flat(),
    ...normParameters("norm", dim, "rms"),
    ...linearParameters("output", { in: dim, out: vocabulary, bias: false, rng }),
  ];
}

/** The decoder from the layers of `@haps/tensor`. */
export function createHapsDecoder(sizes: DecoderSizes, seed: number): DecoderTrainer {
  const variables = createVariables(decoderParameters(sizes, seed));
  const { learningRate, beta1, beta2, epsilon, clipNorm } = TRAINING;
  const optimizer = createAdamW(variables, { learningRate, beta1, beta2, epsilon, weightDecay: 0 });
  const loss = ({ inputs, targets }: DecoderBatch): tf.Tensor => {
    const ids = tf.tensor2d(inputs, [sizes.batch, sizes.tokens], "int32");
    let x = embedding(variables.get("embedding") as tf.Tensor2D, ids) as tf.Tensor3D; // [batch, tokens, dim]
    for (let layer = 0; layer < sizes.layers; layer += 1) {
      x = applyDecoderBlock(variables, `block-${layer}`, x, { heads: sizes.heads });
    }
    const logits = applyLinear(variables, "output", applyNorm(variables, "norm", x));
    const rows: tf.Tensor2D = tf.reshape(logits, [inputs.length, sizes.vocabulary]); // [batch * tokens, vocabulary]
    return softmaxCrossEntropy(rows, tf.tensor1d(targets, "int32"));
  };
  return {
    parameters: [...readVariables(variables).values()].reduce((total, { values }) => total + values.length, 0),
    step: (batch) => trainStep(optimizer, () => loss(batch), { clipNorm }).loss,
    dispose: () => {
      variables.dispose();
    },
  };
}
