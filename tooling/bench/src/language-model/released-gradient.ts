import {
  type CompletionItem,
  embedTokens,
  finalNorm,
  type LanguageModel,
  logitsOf,
  loraSamplesOf,
  ropeFrequencies,
} from "@haps/language-model";
import type { LoraGradients, LoraTarget } from "@haps/spec";
import {
  addLowRank,
  createVariables,
  dense,
  type LoraTensors,
  lossAndGradients,
  type NamedVariables,
  rmsNorm,
  ropeRows,
  segmentAttention,
  softmaxCrossEntropy,
  swigluPair,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/**
 * Gradient of one completion the released way: the reply is decoded token by token with gradients on, and the loss goes back
 * through every step.
 *
 * The prompt is one pass; each token after it is a row of its own through all layers, with keys and values concatenated as the
 * step before left them, all on the tape. Tokens are given in place of sampled, so that the result can be compared; kernels lie as
 * the model keeps them, and the operations are the quick ones of `@haps/tensor` wherever rows allow it.
 *
 * @returns As `completionGradient` for this item alone.
 */
export function releasedGradient(model: LanguageModel, item: CompletionItem): LoraGradients {
  const { promptTokens, tokens, lora, weight } = item;
  const samples = loraSamplesOf([lora], model.config);
  const given = samples.flatMap(({ factors }) => factors.targets);
  const variables = createVariables(
    given.flatMap(({ down, up }, index): [string, tf.Tensor][] => [
      [`${index}/down`, down],
      [`${index}/up`, up],
    ]),
  );
  tf.dispose(given.map(({ down, up }) => [down, up]));
  try {
    const factors = factorsOf(
      variables,
      lora.targets.map(({ target }) => target),
      lora.scale,
    );
    const { loss, gradients } = lossAndGradients(variables, () => {
      const past: LayerPast[] = [];
      let logits = promptLogits(model, promptTokens, factors, past);
      const losses = tokens.map((token, index) => {
        const own = softmaxCrossEntropy(logits, tf.tensor1d([token], "int32")) as tf.Scalar;
        if (index + 1 < tokens.length) logits = stepLogits(model, token, promptTokens.length + index, factors, past);
        return own;
      });
      return tf.addN(losses);
    });
    const slopes = (name: string): Float32Array =>
      (gradients.get(name) as Float32Array).map((slope) => -weight * slope);
    const targets = lora.targets.map(({ target }, index) => ({
      target,
      down: slopes(`${index}/down`),
      up: slopes(`${index}/up`),
    }));
    return { logLikelihoods: [-loss], gradients: [{ ...lora, targets }] };
  } finally {
    variables.dispose();
  }
}

/** Keys and values of one layer so far, `[tokens, keyValueHeads * headDim]`. */
interface LayerPast {
  readonly keys: tf.Tensor2D;
  readonly values: tf.Tensor2D;
}

function factorsOf(variables: NamedVariables, targets: readonly LoraTarget[], scale: number): LoraTensors {
  const get = (name: string): tf.Tensor3D => variables.get(name) as tf.Tensor as tf.Tensor3D;
  return {
    scale,
    targets: targets.map((target, index) => ({ target, down: get(`${index}/down`), up: get(`${index}/up`) })),
  };
}

/** One pass over the prompt; logits after its last token, `[1, vocabulary]`. */
function promptLogits(
  model: LanguageModel,
  tokens: readonly number[],
  factors: LoraTensors,
  past: LayerPast[],
): tf.Tensor2D {
  const { heads, keyValueHeads, layers, slidingWindow } = model.config;
  const positions = tokens.map((_, position) => position);
  let x = embedTokens(model, tokens);
  for (let layer = 0; layer < layers; layer += 1) {
    const run = { model, factors, layer };
    const fused = projected(run, x, positions);
    past.push({ keys: part(model, fused, "keys"), values: part(model, fused, "values") });
    const mixed = segmentAttention(fused, {
      heads,
      keyValueHeads,
      segments: [{ start: 0, length: tokens.length }],
      ...(slidingWindow === undefined ? {} : { window: slidingWindow }),
    });
    x = finished(run, x, mixed);
  }
  const last = tf.slice(x, [tokens.length - 1, 0], [1, x.shape[1]]);
  return logitsOf(model, finalNorm(model, last));
}

/** One token through all layers; logits after it, `[1, vocabulary]`. */
function stepLogits(
  model: LanguageModel,
  token: number,
  position: number,
  factors: LoraTensors,
  past: LayerPast[],
): tf.Tensor2D {
  let x = embedTokens(model, [token]);
  for (let layer = 0; layer < model.config.layers; layer += 1) {
    const run = { model, factors, layer };
    const fused = projected(run, x, [position]);
    const before = past[layer] as LayerPast;
    const keys = tf.concat([before.keys, part(model, fused, "keys")], 0);
    const values = tf.concat([before.values, part(model, fused, "values")], 0);
    past[layer] = { keys, values };
    x = finished(run, x, attended(model, part(model, fused, "queries"), keys, values));
  }
  return logitsOf(model, finalNorm(model, x));
}

/** Attention of one row over all keys, `[1, heads * headDim]`. */
function attended(model: LanguageModel, query: tf.Tensor2D, keys: tf.Tensor2D, values: tf.Tensor2D): tf.Tensor2D {
  const { heads, keyValueHeads, headDim, slidingWindow } = model.config;
  const count = keys.shape[0];
  const first = Math.max(0, count - (slidingWindow ?? count));
  const byHead = (rows: tf.Tensor2D): tf.Tensor3D =>
    tf.transpose(
      tf.reshape(tf.slice(rows, [first, 0], [count - first, keyValueHeads * headDim]), [-1, keyValueHeads, headDim]),
      [1, 0, 2],
    ); // [keyValueHeads, tokens, headDim]
  const queries = tf.reshape(query, [keyValueHeads, heads / keyValueHeads, headDim]);
  const scores = tf.mul(tf.matMul(queries, byHead(keys), false, true), 1 / Math.sqrt(headDim));
  return tf.reshape(tf.matMul(tf.softmax(scores), byHead(values)), [1, heads * headDim]);
}

interface Run {
  readonly model: LanguageModel;
  readonly factors: LoraTensors;
  readonly layer: number;
}

/** Query, key and value of rows, rotated. */
function projected(run: Run, x: tf.Tensor2D, positions: readonly number[]): tf.Tensor2D {
  const { config } = run.model;
  const { heads, keyValueHeads, headDim } = config;
  const normed = norm(run, x, "attention-norm/gain");
  const query = heads * headDim;
  const columns = { q: 0, k: query, v: query + keyValueHeads * headDim };
  return ropeRows(affine(run, normed, "attention", columns), {
    headDim,
    heads: heads + keyValueHeads,
    positions,
    frequencies: ropeFrequencies(config),
  });
}

/** Output projection and feed-forward layer with their residuals. */
function finished(run: Run, x: tf.Tensor2D, mixed: tf.Tensor2D): tf.Tensor2D {
  const middle: tf.Tensor2D = tf.add(x, affine(run, mixed, "output", { o: 0 }));
  const inner = norm(run, middle, "mlp-norm/gain");
  const gates = affine(run, inner, "gate-up", { gate: 0, up: run.model.config.hidden });
  return tf.add(middle, affine(run, swigluPair(gates), "down", { down: 0 }));
}

function part(model: LanguageModel, fused: tf.Tensor2D, which: "queries" | "keys" | "values"): tf.Tensor2D {
  const { heads, keyValueHeads, headDim } = model.config;
  const [query, key] = [heads * headDim, keyValueHeads * headDim];
  const [start, width] = { queries: [0, query], keys: [query, key], values: [query + key, key] }[which] as [
    number,
    number,
  ];
  return tf.slice(fused, [0, start], [fused.shape[0], width]);
}

function norm({ model, layer }: Run, x: tf.Tensor2D, name: string): tf.Tensor2D {
  const gain = model.variables.get(`layers/${layer}/${name}`) as tf.Tensor as tf.Tensor1D;
  return rmsNorm(x, gain, { epsilon: model.config.normEpsilon }) as tf.Tensor2D;
}

/** Affine map with the low-rank updates of its projections. */
function affine(
  { model, factors, layer }: Run,
  x: tf.Tensor2D,
  name: string,
  columns: Readonly<Partial<Record<LoraTarget["projection"], number>>>,
): tf.Tensor2D {
  const prefix = `layers/${layer}/${name}`;
  const kernel = model.variables.get(`${prefix}/kernel`) as tf.Tensor as tf.Tensor2D;
  const bias = model.variables.has(`${prefix}/bias`)
    ? (model.variables.get(`${prefix}/bias`) as tf.Tensor as tf.Tensor1D)
    : undefined;
  let sum = dense(x, kernel, bias);
  for (const { target, down, up } of factors.targets) {
    const column = target.layer === layer ? columns[target.projection] : undefined;
    if (column === undefined) continue;
    const sampleOf = new Int32Array(x.shape[0]);
    sum = addLowRank(sum, x, { down, up, scale: factors.scale, sampleOf, column });
  }
  return sum;
}
