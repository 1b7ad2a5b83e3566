import { exponential } from "./exponential.ts";
import { gatherHead, gatherHeadTransposed, type HeadPlace, headPlaces, scatterHead } from "./head-layout.ts";
import { multiplyArrays } from "./multiply-arrays.ts";

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
  /** Newest visible keys that a query sees; all when absent. */
  readonly window?: number;
}

/** Query, key and value, or their gradients: `[batch, tokens, heads * headDim]`, row-major. */
export interface AttentionArrays {
  readonly query: Float32Array;
  readonly key: Float32Array;
  readonly value: Float32Array;
}

/** What the backward pass needs to know of one head. */
export interface HeadWeights {
  /** Probabilities before their division, 0 where masked, `[queries, keys]`. */
  readonly exponentials: Float32Array;
  /** One over the sum of each row of them, 0 for a row without keys, `[queries]`. */
  readonly inverses: Float64Array;
}

/** What {@link attendForward} returns. */
export interface AttentionResult {
  /** `[batch, queries, heads * headDim]`. */
  readonly output: Float32Array;
  /** One per row of the batch and head. */
  readonly weights: readonly HeadWeights[];
}

/** Edge of the squares in which matrices are walked, so that rows and columns stay in the cache. */
const BLOCK = 16;

/** Attention of every head: plain products on the backend that runs, softmax over plain arrays. */
export function attendForward(arrays: AttentionArrays, layout: AttentionLayout): AttentionResult {
  const { queries, keys, headDim, scale } = layout;
  const output = new Float32Array(arrays.query.length);
  const query = new Float32Array(queries * headDim);
  const keyTransposed = new Float32Array(keys * headDim);
  const value = new Float32Array(keys * headDim);
  const weights = headPlaces(layout).map((place) => {
    gatherHead(query, arrays.query, place.query, headDim, scale);
    gatherHeadTransposed(keyTransposed, arrays.key, place.key, headDim);
    gatherHead(value, arrays.value, place.key, headDim, 1);
    let exponentials = new Float32Array(0);
    multiplyArrays(query, keyTransposed, [queries, headDim, keys], (scores) => {
      exponentials = scores.slice();
    });
    const inverses = exponentiateRows(exponentials, layout, place.length);
    multiplyArrays(exponentials, value, [queries, keys, headDim], (mixed) =>
      scatterHead(output, place.query, mixed, inverses),
    );
    return { exponentials, inverses };
  });
  return { output, weights };
}

/**
 * Gradients of query, key and value.
 *
 * With P the probabilities and Y = P V: `dV = Pᵀ dY`, `dP = dY Vᵀ`, `dS = P ∘ (dP - δ)`, `δ_i = Σ_j P_ij dP_ij = dY_i · Y_i`,
 * `dQ = scale dS K`, `dK = scale dSᵀ Q`. The short form of δ is Dao et al., FlashAttention (2022), appendix B.2.
 */
export function attendBackward(
  arrays: AttentionArrays,
  forward: AttentionResult,
  gradient: Float32Array,
  layout: AttentionLayout,
): AttentionArrays {
  const { queries, keys, headDim, scale } = layout;
  const result = {
    query: new Float32Array(arrays.query.length),
    key: new Float32Array(arrays.key.length),
    value: new Float32Array(arrays.value.length),
  };
  const query = new Float32Array(queries * headDim);
  const slopes = new Float32Array(queries * headDim);
  const key = new Float32Array(keys * headDim);
  const valueTransposed = new Float32Array(keys * headDim);
  const matrices = makeMatrices(queries * keys);
  const scales = new Float64Array(queries).fill(scale);
  const ones = new Float64Array(keys).fill(1);
  headPlaces(layout).forEach((place, index) => {
    gatherHead(query, arrays.query, place.query, headDim, scale);
    gatherHead(slopes, gradient, place.query, headDim, 1);
    gatherHead(key, arrays.key, place.key, headDim, 1);
    gatherHeadTransposed(valueTransposed, arrays.value, place.key, headDim);
    const weights = forward.weights[index] as HeadWeights;
    const means = rowMeans(slopes, forward.output, place, headDim);
    multiplyArrays(slopes, valueTransposed, [queries, headDim, keys], (product) => {
      softmaxBackward(matrices, layout, { weights, slopes: product, means, length: place.length });
    });
    multiplyArrays(matrices.scores, key, [queries, keys, headDim], (product) =>
      scatterHead(result.query, place.query, product, scales),
    );
    multiplyArrays(matrices.scoresTransposed, query, [keys, queries, headDim], (product) => {
      scatterHead(result.key, place.key, product, ones);
    });
    multiplyArrays(matrices.weightsTransposed, slopes, [keys, queries, headDim], (product) => {
      scatterHead(result.value, place.key, product, ones);
    });
  });
  return result;
}

/** One past the last key that a query may see. */
function visibleKeys(row: number, { queries, keys, causal }: AttentionLayout, length: number): number {
  return Math.min(length, causal ? keys - queries + row + 1 : keys);
}

/** Turns scores into exponentials of their distance from the row's highest, in place; returns one over their sums. */
function exponentiateRows(scores: Float32Array, layout: AttentionLayout, length: number): Float64Array {
  const { queries, keys } = layout;
  const inverses = new Float64Array(queries);
  for (let row = 0; row < queries; row += 1) {
    const end = row * keys + visibleKeys(row, layout, length);
    const start = Math.max(row * keys, end - (layout.window ?? keys));
    let highest = -Infinity;
    for (let index = start; index < end; index += 1) {
      const score = scores[index] as number;
      if (score > highest) highest = score;
    }
    let sum = 0;
    for (let index = start; index < end; index += 1) {
      const weight = exponential((scores[index] as number) - highest);
      scores[index] = weight;
      sum += weight;
    }
    inverses[row] = end === start ? 0 : 1 / sum;
    scores.fill(0, row * keys, start);
    scores.fill(0, end, (row + 1) * keys);
  }
  return inverses;
}

/** δ of every query: the product of the output's row and its gradient's. */
function rowMeans(slopes: Float32Array, output: Float32Array, place: HeadPlace, headDim: number): Float64Array {
  const { start, step } = place.query;
  const means = new Float64Array(slopes.length / headDim);
  for (let row = 0; row < means.length; row += 1) {
    let sum = 0;
    for (let column = 0; column < headDim; column += 1) {
      sum += (slopes[row * headDim + column] as number) * (output[start + row * step + column] as number);
    }
    means[row] = sum;
  }
  return means;
}

/** Room for one head, used again for the next. */
interface BackwardMatrices {
  /** dS, `[queries, keys]`. */
  readonly scores: Float32Array;
  /** dSᵀ, `[keys, queries]`. */
  readonly scoresTransposed: Float32Array;
  /** Pᵀ, `[keys, queries]`. */
  readonly weightsTransposed: Float32Array;
}

function makeMatrices(size: number): BackwardMatrices {
  return {
    scores: new Float32Array(size),
    scoresTransposed: new Float32Array(size),
    weightsTransposed: new Float32Array(size),
  };
}

/** What the gradient of one head's scores comes from. */
interface SoftmaxSlopes {
  readonly weights: HeadWeights;
  /** dP, `[queries, keys]`. */
  readonly slopes: Float32Array;
  /** δ, `[queries]`. */
  readonly means: Float64Array;
  /** Keys that count. */
  readonly length: number;
}

/** Fills the matrices from the gradient of the probabilities, visible entries only, block by block. */
function softmaxBackward(
  { scores, scoresTransposed, weightsTransposed }: BackwardMatrices,
  layout: AttentionLayout,
  { weights: { exponentials, inverses }, slopes, means, length }: SoftmaxSlopes,
): void {
  const { queries, keys } = layout;
  scores.fill(0);
  scoresTransposed.fill(0);
  weightsTransposed.fill(0);
  for (let top = 0; top < queries; top += BLOCK) {
    const bottom = Math.min(queries, top + BLOCK);
    const widest = visibleKeys(bottom - 1, layout, length);
    for (let left = 0; left < widest; left += BLOCK) {
      for (let row = top; row < bottom; row += 1) {
        const inverse = inverses[row] as number;
        const mean = means[row] as number;
        const right = Math.min(left + BLOCK, visibleKeys(row, layout, length));
        for (let column = left; column < right; column += 1) {
          const weight = (exponentials[row * keys + column] as number) * inverse;
          const slope = weight * ((slopes[row * keys + column] as number) - mean);
          scores[row * keys + column] = slope;
          scoresTransposed[column * queries + row] = slope;
          weightsTransposed[column * queries + row] = weight;
        }
      }
    }
  }
}
