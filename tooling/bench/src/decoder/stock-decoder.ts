import * as tf from "@tensorflow/tfjs";
import { type DecoderBatch, type DecoderSizes, TRAINING } from "./decoder-sizes.ts";
import type { DecoderTrainer } from "./decoder-trainer.ts";
import { decoderParameters } from "./haps-decoder.ts";

/** Rotary tables and causal mask, made once. */
interface Constants {
  /** `[tokens, headDim]`: every half has the same angles. */
  readonly cosines: tf.Tensor2D;
  readonly sines: tf.Tensor2D;
  /** `[tokens, tokens]`: 0 where a key may be seen, else -1e9. */
  readonly mask: tf.Tensor2D;
}

/**
 * The same decoder written with the operations, gradients and optimiser that tfjs comes with.
 *
 * It is written for speed as far as they go: weights lie as `[in, out]`, so that the forward pass needs no transposed product. The
 * embedding is a product with one-hot rows, since the gradient of `tf.gather` has no wasm kernel.
 */
export function createStockDecoder(sizes: DecoderSizes, seed: number): DecoderTrainer {
  const variables = new Map<string, tf.Variable>();
  for (const [name, { shape, values }] of decoderParameters(sizes, seed)) {
    const transposed = shape.length === 2 && name !== "embedding";
    const start = tf.tidy(() => {
      const tensor = tf.tensor(values, [...shape]);
      return transposed ? tf.transpose(tensor) : tensor;
    });
    variables.set(name, tf.variable(start));
    start.dispose();
  }
  const constants = makeConstants(sizes);
  const optimizer = tf.train.adam(TRAINING.learningRate, TRAINING.beta1, TRAINING.beta2, TRAINING.epsilon);
  const list = [...variables.values()];
  return {
    parameters: list.reduce((total, variable) => total + variable.size, 0),
    step: (batch) => {
      const { value, grads } = tf.variableGrads(() => lossOf(variables, constants, sizes, batch), list);
      const clipped = clip(grads, TRAINING.clipNorm);
      optimizer.applyGradients(Object.entries(clipped).map(([name, tensor]) => ({ name, tensor })));
      const loss = value.dataSync()[0] as number;
      tf.dispose([value, grads, clipped]);
      return loss;
    },
    dispose: () => {
      optimizer.dispose();
      tf.dispose([list, Object.values(constants)]);
    },
  };
}

function makeConstants({ dim, heads, tokens }: DecoderSizes): Constants {
  const headDim = dim / heads;
  return tf.tidy(() => {
    const frequencies = tf.tensor1d(
      Array.from({ length: headDim }, (_, index) => 10_000 ** (-(2 * (index % (headDim / 2))) / headDim)),
    );
    const angles = tf.mul(tf.expandDims(tf.range(0, tokens), 1), frequencies); // [tokens, headDim]
    const seen = tf.linalg.bandPart(tf.ones([tokens, tokens]), -1, 0);
    const mask: tf.Tensor2D = tf.mul(tf.sub(seen, 1), 1e9);
    return {
      cosines: tf.cos(angles) as tf.Tensor2D,
      sines: tf.sin(angles) as tf.Tensor2D,
      mask,
    };
  });
}

function lossOf(
  variables: ReadonlyMap<string, tf.Variable>,
  constants: Constants,
  sizes: DecoderSizes,
  { inputs, targets }: DecoderBatch,
): tf.Scalar {
  const get = (name: string): tf.Tensor => variables.get(name) as tf.Variable;
  // The cast is needed: the wasm kernel makes int32 whatever is asked of it.
  const oneHot = (ids: Int32Array): tf.Tensor2D =>
    tf.cast(tf.oneHot(tf.tensor1d(ids, "int32"), sizes.vocabulary) as tf.Tensor2D, "float32");
  let x = tf.matMul(oneHot(inputs), get("embedding")); // [batch * tokens, dim]
  for (let layer = 0; layer < sizes.layers; layer += 1) x = block(get, `block-${layer}`, x, constants, sizes);
  const logits = tf.matMul(rmsNorm(x, get("norm/gain")), get("output/weight")); // [batch * tokens, vocabulary]
  return tf.losses.softmaxCrossEntropy(oneHot(targets), logits);
}

function block(
  get: (name: string) => tf.Tensor,
  prefix: string,
  x: tf.Tensor,
  constants: Constants,
  sizes: DecoderSizes,
): tf.Tensor {
  const weight = (name: string): tf.Tensor => get(`${prefix}/${name}/weight`);
  const normed = rmsNorm(x, get(`${prefix}/attention-norm/gain`));
  const query = rotate(splitHeads(tf.matMul(normed, weight("attention/query")), sizes), constants);
  const key = rotate(splitHeads(tf.matMul(normed, weight("attention/key")), sizes), constants);
  const value = splitHeads(tf.matMul(normed, weight("attention/value")), sizes);
  const scores = tf.mul(tf.matMul(query, key, false, true), Math.sqrt(sizes.heads / sizes.dim));
  const mixed = tf.matMul(tf.softmax(tf.add(scores, constants.mask)), value); // [batch, heads, tokens, headDim]
  const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), x.shape); // [batch * tokens, dim]
  const middle = tf.add(x, tf.matMul(joined, weight("attention/output")));
  const inner = rmsNorm(middle, get(`${prefix}/mlp-norm/gain`));
  const gate = tf.matMul(inner, weight("mlp/gate"));
  const open = tf.mul(tf.mul(gate, tf.sigmoid(gate)), tf.matMul(inner, weight("mlp/up")));
  return tf.add(middle, tf.matMul(open, weight("mlp/down")));
}

function rmsNorm(x: tf.Tensor, gain: tf.Tensor): tf.Tensor {
  const size = tf.mean(tf.square(x), -1, true);
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(size, 1e-5))), gain);
}

/** `[batch * tokens, dim]` to `[batch, heads, tokens, headDim]`. */
function splitHeads(x: tf.Tensor, { batch, tokens, heads, dim }: DecoderSizes): tf.Tensor4D {
  return tf.transpose(tf.reshape(x, [batch, tokens, heads, dim / heads]), [0, 2, 1, 3]);
}

/** Rotary positions, pairs of `i` and `i + headDim/2`. */
function rotate(x: tf.Tensor4D, { cosines, sines }: Constants): tf.Tensor {
  const [first, second] = tf.split(x, 2, 3) as [tf.Tensor, tf.Tensor];
  return tf.add(tf.mul(x, cosines), tf.mul(tf.concat([tf.neg(second), first], 3), sines));
}

function clip(gradients: tf.NamedTensorMap, limit: number): tf.NamedTensorMap {
  return tf.tidy(() => {
    const norm = tf.sqrt(tf.addN(Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)))));
    const scale = tf.div(limit, tf.maximum(norm, limit));
    return Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name, tf.mul(gradient, scale)]));
  });
}
