import * as tf from "@tensorflow/tfjs";
import { exponential } from "./exponential.ts";
import { transposeValues } from "./transpose-matrix.ts";

/** Sizes and mask of one attention call. */
export interface AttentionLayout {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly causal: boolean;
  readonly scale: number;
  /** Keys that count, per row of the batch. */
  readonly lengths: readonly number[];
}

/** Query, key and value, or their gradients: `[batch, tokens, heads * headDim]`, row-major. */
export interface AttentionArrays {
  readonly query: Float32Array;
  readonly key: Float32Array;
  readonly value: Float32Array;
}

/** Output `[batch, queries, heads * headDim]` and, per row of the batch and head, the probabilities `[queries, keys]`. */
export function attendForward(
  arrays: AttentionArrays,
  layout: AttentionLayout,
): { readonly output: Float32Array; readonly probabilities: readonly Float32Array[] } {
  const { queries, keys, headDim } = layout;
  const output = new Float32Array(arrays.query.length);
  const probabilities: Float32Array[] = [];
  for (const place of places(layout)) {
    const query = gatherHead(arrays.query, place.query, queries, headDim);
    const key = gatherHead(arrays.key, place.key, keys, headDim);
    const value = gatherHead(arrays.value, place.key, keys, headDim);
    const weights = multiply(query, transposeValues(key, keys, headDim), queries, headDim, keys);
    softmaxRows(weights, layout, place.length);
    probabilities.push(weights);
    addHead(output, place.query, multiply(weights, value, queries, keys, headDim), headDim, 1);
  }
  return { output, probabilities };
}

/**
 * Gradients of query, key and value.
 *
 * With P the probabilities and Y their product with V: `dV = Pᵀ dY`, `dP = dY Vᵀ`, `dS = P ∘ (dP - rowsum(P ∘ dP))`,
 * `dQ = scale dS K`, `dK = scale dSᵀ Q`.
 */
export function attendBackward(
  arrays: AttentionArrays,
  probabilities: readonly Float32Array[],
  gradient: Float32Array,
  layout: AttentionLayout,
): AttentionArrays {
  const { queries, keys, headDim, scale } = layout;
  const result = {
    query: new Float32Array(arrays.query.length),
    key: new Float32Array(arrays.key.length),
    value: new Float32Array(arrays.value.length),
  };
  places(layout).forEach((place, index) => {
    const weights = probabilities[index] as Float32Array;
    const slopes = gatherHead(gradient, place.query, queries, headDim);
    const query = gatherHead(arrays.query, place.query, queries, headDim);
    const key = gatherHead(arrays.key, place.key, keys, headDim);
    const value = gatherHead(arrays.value, place.key, keys, headDim);
    const scores = multiply(slopes, transposeValues(value, keys, headDim), queries, headDim, keys);
    softmaxRowsBackward(scores, weights, keys);
    addHead(result.query, place.query, multiply(scores, key, queries, keys, headDim), headDim, scale);
    const scoresTransposed = transposeValues(scores, queries, keys);
    addHead(result.key, place.key, multiply(scoresTransposed, query, keys, queries, headDim), headDim, scale);
    const weightsTransposed = transposeValues(weights, queries, keys);
    addHead(result.value, place.key, multiply(weightsTransposed, slopes, keys, queries, headDim), headDim, 1);
  });
  return result;
}

/** Where a head's first element lies and how far its tokens are apart. */
interface Stride {
  readonly start: number;
  readonly step: number;
}

interface Place {
  readonly query: Stride;
  readonly key: Stride;
  readonly length: number;
}

/** Every head of every row of the batch, in order. */
function places(layout: AttentionLayout): Place[] {
  const { batch, queries, keys, heads, keyValueHeads, headDim, lengths } = layout;
  const group = heads / keyValueHeads;
  return Array.from({ length: batch * heads }, (_, index) => {
    const row = Math.floor(index / heads);
    const head = index % heads;
    const step = heads * headDim;
    const keyStep = keyValueHeads * headDim;
    return {
      query: { start: row * queries * step + head * headDim, step },
      key: { start: row * keys * keyStep + Math.floor(head / group) * headDim, step: keyStep },
      length: lengths[row] as number,
    };
  });
}

function gatherHead(values: Float32Array, { start, step }: Stride, tokens: number, headDim: number): Float32Array {
  const head = new Float32Array(tokens * headDim);
  for (let token = 0; token < tokens; token += 1) {
    const from = start + token * step;
    head.set(values.subarray(from, from + headDim), token * headDim);
  }
  return head;
}

/** Adds, since grouped queries share one head of keys. */
function addHead(
  values: Float32Array,
  { start, step }: Stride,
  head: Float32Array,
  headDim: number,
  factor: number,
): void {
  for (let index = 0, from = start; index < head.length; index += headDim, from += step) {
    for (let column = 0; column < headDim; column += 1) {
      values[from + column] = (values[from + column] as number) + factor * (head[index + column] as number);
    }
  }
}

/** `[rows, shared]` times `[shared, columns]` on the backend that runs. */
function multiply(
  left: Float32Array,
  right: Float32Array,
  rows: number,
  shared: number,
  columns: number,
): Float32Array {
  const a = tf.tensor2d(left, [rows, shared]);
  const b = tf.tensor2d(right, [shared, columns]);
  const product = tf.matMul(a, b);
  const values = product.dataSync<"float32">();
  a.dispose();
  b.dispose();
  product.dispose();
  return values;
}

/** Softmax of `scale` times each row, in place, over the keys that the row may see; the others become 0. */
function softmaxRows(scores: Float32Array, layout: AttentionLayout, length: number): void {
  const { queries, keys, causal, scale } = layout;
  for (let row = 0; row < queries; row += 1) {
    const start = row * keys;
    const end = start + Math.min(length, causal ? keys - queries + row + 1 : keys);
    let highest = -Infinity;
    for (let index = start; index < end; index += 1) {
      const score = (scores[index] as number) * scale;
      if (score > highest) highest = score;
    }
    let sum = 0;
    for (let index = start; index < end; index += 1) {
      const weight = exponential((scores[index] as number) * scale - highest);
      scores[index] = weight;
      sum += weight;
    }
    for (let index = start; index < end; index += 1) scores[index] = (scores[index] as number) / sum;
    scores.fill(0, end, start + keys);
  }
}

/** Turns gradients of the probabilities into gradients of the scores, in place. */
function softmaxRowsBackward(gradients: Float32Array, probabilities: Float32Array, keys: number): void {
  for (let start = 0; start < gradients.length; start += keys) {
    let total = 0;
    for (let index = start; index < start + keys; index += 1) {
      total += (gradients[index] as number) * (probabilities[index] as number);
    }
    for (let index = start; index < start + keys; index += 1) {
      gradients[index] = (probabilities[index] as number) * ((gradients[index] as number) - total);
    }
  }
}
