import {
  applyDecoderBlock,
  applyNorm,
  createRng,
  createVariables,
  decoderBlockParameters,
  embedding,
  linear,
  type NamedVariables,
  normalMatrix,
  normParameters,
  softmaxCrossEntropy,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/** Sizes of the decoder of `golden/make-training.py`. */
export const TINY = { vocabulary: 7, dim: 8, heads: 4, keyValueHeads: 2, hidden: 12, tokens: 5 } as const;

/** Embedding, one block of the Llama kind, norm; the output shares the table. */
export function tinyDecoderVariables(seed: number): NamedVariables {
  const rng = createRng(seed);
  return createVariables([
    normalMatrix("table", TINY.vocabulary, TINY.dim, { rng, deviation: 0.5 }),
    ...decoderBlockParameters("block", { ...TINY, mlp: "swiglu", norm: "rms", bias: false, rng }),
    ...normParameters("norm", TINY.dim, "rms"),
  ]);
}

/** `[batch, tokens]` ids to `[batch, tokens, vocabulary]`; call it inside `tf.tidy`. */
export function tinyDecoderLogits(variables: NamedVariables, ids: tf.Tensor): tf.Tensor3D {
  const table = variables.get("table") as tf.Tensor2D;
  const x = embedding(table, ids) as tf.Tensor3D; // [batch, tokens, dim]
  const mixed = applyDecoderBlock(variables, "block", x, { heads: TINY.heads, keyValueHeads: TINY.keyValueHeads });
  return linear(applyNorm(variables, "norm", mixed), table) as tf.Tensor3D;
}

/** Mean cross-entropy over all tokens. */
export function tinyDecoderLoss(variables: NamedVariables, ids: tf.Tensor, targets: tf.Tensor): tf.Tensor {
  const logits = tf.reshape<tf.Rank.R2>(tinyDecoderLogits(variables, ids), [-1, TINY.vocabulary]); // [batch * tokens, vocabulary]
  return softmaxCrossEntropy(logits, tf.reshape<tf.Rank.R1>(targets, [-1]));
}
