import * as tf from "@tensorflow/tfjs";
import { attention } from "../ops/attention.ts";
import { type RopeOptions, rope } from "../ops/rope.ts";
import type { Rng } from "../rng.ts";
import type { NamedVariables } from "../variables.ts";
import { applyLinear, linearParameters } from "./linear-layer.ts";
import type { Parameters } from "./parameters.ts";

/** Sizes and start of a self-attention layer. */
export interface AttentionLayerOptions {
  readonly dim: number;
  readonly heads: number;
  /** Default `heads`. */
  readonly keyValueHeads?: number;
  /** Default true. */
  readonly bias?: boolean;
  readonly rng: Rng;
}

/** How a self-attention layer runs. */
export interface ApplyAttentionOptions {
  readonly heads: number;
  /** Default `heads`. */
  readonly keyValueHeads?: number;
  /** Default true. */
  readonly causal?: boolean;
  /** Tokens that count in each row, `[batch]`. Default all. */
  readonly lengths?: readonly number[];
  /** Rotary positions, or false for none. Default: base 10000, pairs `half`. */
  readonly rope?: Omit<RopeOptions, "headDim"> | false;
}

/**
 * Starting values under `<prefix>/query`, `/key`, `/value` and `/output`, each as {@link linearParameters} makes them.
 *
 * @returns Plain arrays: query and output `[dim, dim]`, key and value `[keyValueHeads * headDim, dim]`.
 */
export function attentionParameters(prefix: string, options: AttentionLayerOptions): Parameters {
  const { dim, heads, keyValueHeads = heads, bias = true, rng } = options;
  const narrow = (dim / heads) * keyValueHeads;
  return [
    ...linearParameters(`${prefix}/query`, { in: dim, out: dim, bias, rng }),
    ...linearParameters(`${prefix}/key`, { in: dim, out: narrow, bias, rng }),
    ...linearParameters(`${prefix}/value`, { in: dim, out: narrow, bias, rng }),
    ...linearParameters(`${prefix}/output`, { in: dim, out: dim, bias, rng }),
  ];
}

/**
 * Self-attention with rotary positions and the variables under `prefix`.
 *
 * `y = output(attention(rope(query(x)), rope(key(x)), value(x)))`
 *
 * @param variables - Borrowed.
 * @param x - `[batch, tokens, dim]`.
 * @returns The shape of `x`; the caller owns it.
 * @throws HapsError code `state` when there is no such layer; code `shape` or `config` as {@link attention} and {@link rope} do.
 *
 * Source: Vaswani et al., Attention Is All You Need (2017), section 3.2.2; positions: Su et al., RoFormer (2021).
 *
 * @example
 * ```ts
 * const rng = createRng(1);
 * const variables = createVariables(attentionParameters("attention", { dim: 8, heads: 2, rng }));
 * const y = applyAttention(variables, "attention", tf.ones([1, 3, 8]), { heads: 2 });
 * console.assert(y.shape.join() === "1,3,8");
 * ```
 */
export function applyAttention(
  variables: NamedVariables,
  prefix: string,
  x: tf.Tensor3D,
  options: ApplyAttentionOptions,
): tf.Tensor3D {
  const headDim = x.shape[2] / options.heads;
  const project = (name: string): tf.Tensor3D => applyLinear(variables, `${prefix}/${name}`, x) as tf.Tensor3D;
  const turn = (t: tf.Tensor3D): tf.Tensor3D => (options.rope === false ? t : rope(t, { ...options.rope, headDim }));
  return tf.tidy(() => {
    const mixed = attention(turn(project("query")), turn(project("key")), project("value"), options);
    return applyLinear(variables, `${prefix}/output`, mixed) as tf.Tensor3D;
  });
}
