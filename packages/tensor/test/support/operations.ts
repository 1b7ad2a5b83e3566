import {
  addLowRank,
  attention,
  createRng,
  dense,
  embedding,
  gelu,
  layerNorm,
  linear,
  logSoftmax,
  rmsNorm,
  rope,
  ropeRows,
  segmentAttention,
  softmaxCrossEntropy,
  swiglu,
  swigluPair,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/** One way to call an operation, with constants made inside the call. */
export interface OperationExample {
  readonly name: string;
  /** Shapes of the inputs that have gradients. */
  readonly shapes: readonly (readonly number[])[];
  readonly call: (...inputs: tf.Tensor[]) => tf.Tensor;
}

const matrix = (tensor: tf.Tensor | undefined) => tensor as tf.Tensor2D;
const vector = (tensor: tf.Tensor | undefined) => tensor as tf.Tensor1D;
const cube = (tensor: tf.Tensor | undefined) => tensor as tf.Tensor3D;
const any = (tensor: tf.Tensor | undefined) => tensor as tf.Tensor;

/** Frees the constants of a call, not its result. */
function withConstants(constants: readonly tf.Tensor[], result: tf.Tensor): tf.Tensor {
  tf.dispose([...constants]);
  return result;
}

/** Every differentiable operation, in each of its forms, on shapes that are not square; one with a single row each. */
export const operations: readonly OperationExample[] = [
  {
    name: "linear",
    shapes: [[2, 3, 5], [4, 5], [4]],
    call: (x, weight, bias) => linear(any(x), matrix(weight), vector(bias)),
  },
  { name: "linear without bias, one row", shapes: [[5], [2, 5]], call: (x, weight) => linear(any(x), matrix(weight)) },
  {
    name: "softmaxCrossEntropy, hard targets",
    shapes: [[3, 4]],
    call: (logits) => {
      const targets = tf.tensor1d([3, -1, 0], "int32");
      const weights = tf.tensor1d([1, 0, 0.5]);
      return withConstants([targets, weights], softmaxCrossEntropy(matrix(logits), targets, { weights }));
    },
  },
  {
    name: "softmaxCrossEntropy, soft targets, one row",
    shapes: [[1, 4]],
    call: (logits) => {
      const targets = tf.tensor2d([[0.5, 0, 1, 0.25]]);
      return withConstants([targets], softmaxCrossEntropy(matrix(logits), targets, { reduction: "none" }));
    },
  },
  { name: "logSoftmax", shapes: [[2, 2, 3]], call: (logits) => logSoftmax(any(logits)) },
  {
    name: "logSoftmax with a mask, one row",
    shapes: [[1, 4]],
    call: (logits) => {
      const mask = tf.tensor2d([[1, 1, 0, 1]]);
      return withConstants(
        [mask],
        tf.tidy(() => tf.mul(logSoftmax(any(logits), { mask }), mask)),
      );
    },
  },
  { name: "rmsNorm", shapes: [[2, 3, 4], [4]], call: (x, gain) => rmsNorm(any(x), vector(gain)) },
  { name: "rmsNorm, one row", shapes: [[5], [5]], call: (x, gain) => rmsNorm(any(x), vector(gain)) },
  {
    name: "layerNorm",
    shapes: [[2, 3, 4], [4], [4]],
    call: (x, gain, bias) => layerNorm(any(x), vector(gain), vector(bias)),
  },
  { name: "layerNorm without bias, one row", shapes: [[5], [5]], call: (x, gain) => layerNorm(any(x), vector(gain)) },
  { name: "gelu, tanh", shapes: [[3, 4]], call: (x) => gelu(any(x)) },
  { name: "gelu, erf", shapes: [[7]], call: (x) => gelu(any(x), "erf") },
  {
    name: "swiglu",
    shapes: [
      [3, 4],
      [3, 4],
    ],
    call: (gate, up) => swiglu(any(gate), any(up)),
  },
  {
    name: "attention",
    shapes: [
      [2, 3, 8],
      [2, 3, 4],
      [2, 3, 4],
    ],
    call: (query, key, value) => attention(cube(query), cube(key), cube(value), { heads: 4, keyValueHeads: 2 }),
  },
  {
    name: "attention, both directions, one query",
    shapes: [
      [2, 1, 4],
      [2, 3, 4],
      [2, 3, 4],
    ],
    call: (query, key, value) =>
      attention(cube(query), cube(key), cube(value), { heads: 2, causal: false, lengths: [3, 2] }),
  },
  {
    name: "attention with a window",
    shapes: [
      [1, 5, 4],
      [1, 5, 2],
      [1, 5, 2],
    ],
    call: (query, key, value) =>
      attention(cube(query), cube(key), cube(value), { heads: 2, keyValueHeads: 1, window: 2 }),
  },
  { name: "rope", shapes: [[2, 3, 8]], call: (x) => rope(cube(x), { headDim: 4, offset: 2 }) },
  { name: "rope, interleaved", shapes: [[1, 2, 4]], call: (x) => rope(cube(x), { headDim: 4, pairs: "interleaved" }) },
  {
    name: "dense",
    shapes: [[3, 5], [5, 4], [4]],
    call: (x, kernel, bias) => dense(matrix(x), matrix(kernel), vector(bias)),
  },
  {
    name: "dense without bias, one row",
    shapes: [
      [1, 5],
      [5, 2],
    ],
    call: (x, kernel) => dense(matrix(x), matrix(kernel)),
  },
  {
    name: "addLowRank",
    shapes: [
      [4, 7],
      [4, 5],
      [2, 2, 5],
      [2, 3, 2],
    ],
    call: (base, x, down, up) =>
      addLowRank(matrix(base), matrix(x), {
        down: cube(down),
        up: cube(up),
        scale: 1.5,
        sampleOf: [0, -1, 1, 0],
        column: 2,
      }),
  },
  {
    name: "ropeRows",
    shapes: [[3, 10]],
    call: (x) => ropeRows(matrix(x), { headDim: 4, heads: 2, positions: [4, 0, 7], frequencies: [1, 0.1] }),
  },
  {
    name: "ropeRows, heads of a multiple of eight",
    shapes: [[3, 18]],
    call: (x) => ropeRows(matrix(x), { headDim: 8, heads: 2, positions: [4, 0, 4], frequencies: [1, 0.5, 0.2, 0.1] }),
  },
  { name: "swigluPair", shapes: [[3, 8]], call: (x) => swigluPair(matrix(x)) },
  { name: "swigluPair, an odd width", shapes: [[3, 6]], call: (x) => swigluPair(matrix(x)) },
  {
    name: "segmentAttention, short segments with grouped queries",
    shapes: [[5, 16]],
    call: (fused) =>
      segmentAttention(matrix(fused), {
        heads: 4,
        keyValueHeads: 2,
        segments: [
          { start: 0, length: 2 },
          { start: 2, length: 2, ancestors: [0] },
          { start: 4, length: 1, ancestors: [0] },
        ],
      }),
  },
  {
    name: "segmentAttention, a long segment with a window and a past",
    shapes: [[12, 6]],
    call: (fused) =>
      segmentAttention(matrix(fused), {
        heads: 1,
        window: 5,
        segments: [
          {
            start: 1,
            length: 11,
            past: { keys: new Float32Array(4).fill(0.5), values: new Float32Array(4), length: 2 },
          },
          { start: 0, length: 1 },
        ],
      }),
  },
  {
    name: "embedding",
    shapes: [[5, 3]],
    call: (table) => {
      const ids = tf.tensor2d([[0, 2, 2]], undefined, "int32");
      return withConstants([ids], embedding(matrix(table), ids));
    },
  },
];

/** Inputs from a stream of the example's name; the caller owns them. */
export function drawInputs(example: OperationExample): tf.Tensor[] {
  return example.shapes.map((shape, index) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return tf.tensor(createRng(11).fork(`${example.name}/${index}`).normals(size), [...shape]);
  });
}
