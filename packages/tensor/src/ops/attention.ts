import { HapsError, ShapeError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import {
  type AttentionLayout,
  type AttentionResult,
  attendBackward,
  attendForward,
} from "../kernels/attention-heads.ts";
import { assertShape } from "../shape.ts";

/** Options of {@link attention}. */
export interface AttentionOptions {
  /** Heads of the queries; their number divides the width of `query`. */
  readonly heads: number;
  /** Heads of keys and values, a divisor of `heads`: grouped queries. Default `heads`. */
  readonly keyValueHeads?: number;
  /** Whether a token sees only itself and earlier ones. Default true. With more keys than queries, the queries are the last tokens. */
  readonly causal?: boolean;
  /** Factor of the scores. Default `1 / √headDim` (Vaswani et al. 2017). */
  readonly scale?: number;
  /** Newest tokens that a token sees, itself included; only with `causal`. Default: all. */
  readonly window?: number;
  /** Keys that count in each row of the batch, the first ones, `[batch]`; a row of 0 keys gives zeros. Default: all. */
  readonly lengths?: readonly number[];
}

/**
 * Multi-head scaled dot-product attention with a fused backward pass.
 *
 * `y_h = softmax(scale · q_h k_hᵀ) v_h` for each head h, masked entries left out of the softmax.
 *
 * One head at a time as plain matrix products, which wasm multiplies five to ten times quicker than batched ones; the softmax runs
 * over plain arrays. The probabilities are kept for the backward pass: `batch * heads * queries * keys` floats.
 *
 * @param query - `[batch, queries, heads * headDim]`.
 * @param key - `[batch, keys, keyValueHeads * headDim]`, `keys >= queries` when causal.
 * @param value - The shape of `key`.
 * @returns The shape of `query`; the caller owns it.
 * @throws ShapeError code `shape` when the shapes do not fit together; HapsError code `config` for head counts, lengths or a
 *   window out of range.
 *
 * Source: Vaswani et al., Attention Is All You Need (2017), eq. 1; grouped queries: Ainslie et al., GQA (2023); window: Jiang et al.,
 * Mistral 7B (2023).
 *
 * @example
 * ```ts
 * const x = tf.tensor3d([[[1, 0], [0, 1]]]);
 * const y = attention(x, x, x, { heads: 1 });
 * console.assert(y.dataSync()[0] === 1 && y.dataSync()[1] === 0);
 * ```
 */
export function attention(
  query: tf.Tensor3D,
  key: tf.Tensor3D,
  value: tf.Tensor3D,
  options: AttentionOptions,
): tf.Tensor3D {
  const layout = makeLayout(query, key, value, options);
  const arrays = {
    query: query.dataSync<"float32">(),
    key: key.dataSync<"float32">(),
    value: value.dataSync<"float32">(),
  };
  let forwardResult: AttentionResult | undefined;
  const result = differentiable({
    inputs: { query, key, value },
    forward: () => {
      forwardResult = attendForward(arrays, layout);
      return tf.tensor(forwardResult.output, query.shape);
    },
    backward: (gradient) => {
      const gradients = attendBackward(
        arrays,
        forwardResult as AttentionResult,
        gradient.dataSync<"float32">(),
        layout,
      );
      return {
        query: () => tf.tensor(gradients.query, query.shape),
        key: () => tf.tensor(gradients.key, key.shape),
        value: () => tf.tensor(gradients.value, value.shape),
      };
    },
  });
  return result as tf.Tensor3D;
}

function makeLayout(
  query: tf.Tensor3D,
  key: tf.Tensor3D,
  value: tf.Tensor3D,
  options: AttentionOptions,
): AttentionLayout {
  const { heads, keyValueHeads = heads, causal = true, window } = options;
  assertShape("attention", "query", query, [null, null, null]);
  const [batch, queries, width] = query.shape;
  assertHeads(heads, keyValueHeads);
  assertWindow(window, causal);
  if (width % heads !== 0)
    throw new ShapeError("attention", "query", `a last axis of a multiple of ${heads}`, query.shape);
  const headDim = width / heads;
  assertShape("attention", "key", key, [batch, null, keyValueHeads * headDim]);
  assertShape("attention", "value", value, key.shape);
  const keys = key.shape[1];
  if (causal && keys < queries) {
    throw new ShapeError("attention", "key", `at least ${queries} keys for ${queries} causal queries`, key.shape);
  }
  const lengths = options.lengths ?? Array.from({ length: batch }, () => keys);
  const bad = lengths.findIndex((length) => !Number.isInteger(length) || length < 0 || length > keys);
  if (lengths.length !== batch || bad >= 0) {
    throw new HapsError(
      "config",
      `attention: lengths must be ${batch} integers in [0, ${keys}]; got ${lengths.length}, the wrong one ${lengths[bad]}; count the tokens of each row`,
      { lengths, batch, keys },
    );
  }
  return {
    batch,
    queries,
    keys,
    heads,
    keyValueHeads,
    headDim,
    causal,
    lengths,
    scale: options.scale ?? headDim ** -0.5,
    ...(window === undefined ? {} : { window }),
  };
}

function assertWindow(window: number | undefined, causal: boolean): void {
  if (window === undefined || (causal && Number.isInteger(window) && window > 0)) return;
  throw new HapsError(
    "config",
    `attention: window ${window}${causal ? "" : " without causal"}; expected a positive whole number of tokens, and causal`,
    { window, causal },
  );
}

function assertHeads(heads: number, keyValueHeads: number): void {
  const whole = [heads, keyValueHeads].every((count) => Number.isInteger(count) && count > 0);
  if (whole && heads % keyValueHeads === 0) return;
  throw new HapsError(
    "config",
    `attention: heads must be a positive multiple of keyValueHeads; got ${heads} and ${keyValueHeads}; correct the counts`,
    { heads, keyValueHeads },
  );
}
