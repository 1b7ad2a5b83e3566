import * as tf from "@tensorflow/tfjs";
import type { Rng } from "../rng.ts";
import type { NamedVariables } from "../variables.ts";
import { type ApplyAttentionOptions, applyAttention, attentionParameters } from "./attention-layer.ts";
import { applyMlp, mlpParameters } from "./mlp-layer.ts";
import { applyNorm, type NormKind, normParameters } from "./norm-layer.ts";
import type { Parameters } from "./parameters.ts";

/** Sizes and start of a decoder block. */
export interface DecoderBlockOptions {
  readonly dim: number;
  readonly heads: number;
  /** Default `heads`. */
  readonly keyValueHeads?: number;
  /** Width of the feed-forward layer. */
  readonly hidden: number;
  readonly mlp: "gelu" | "swiglu";
  readonly norm: NormKind;
  /** Whether linear maps have biases. Default true. */
  readonly bias?: boolean;
  readonly rng: Rng;
}

/**
 * Starting values under `<prefix>/attention-norm`, `/attention`, `/mlp-norm` and `/mlp`.
 *
 * @returns Plain arrays, as {@link normParameters}, {@link attentionParameters} and {@link mlpParameters} make them.
 */
export function decoderBlockParameters(prefix: string, options: DecoderBlockOptions): Parameters {
  return [
    ...normParameters(`${prefix}/attention-norm`, options.dim, options.norm),
    ...attentionParameters(`${prefix}/attention`, options),
    ...normParameters(`${prefix}/mlp-norm`, options.dim, options.norm),
    ...mlpParameters(`${prefix}/mlp`, { ...options, kind: options.mlp }),
  ];
}

/**
 * Pre-norm transformer block with the variables under `prefix`.
 *
 * `h = x + attention(norm(x))`, `y = h + mlp(norm(h))`
 *
 * @param variables - Borrowed.
 * @param x - `[batch, tokens, dim]`.
 * @returns The shape of `x`; the caller owns it.
 * @throws HapsError code `state` when there is no such block; code `shape` or `config` as {@link applyAttention} does.
 *
 * Source: Touvron et al., LLaMA (2023), section 2.2, with RMS norms and SwiGLU; Radford et al. (2019), section 2.3, with layer
 * norms and GELU.
 *
 * @example
 * ```ts
 * const sizes = { dim: 8, heads: 2, hidden: 16, mlp: "swiglu", norm: "rms" } as const;
 * const variables = createVariables(decoderBlockParameters("block", { ...sizes, rng: createRng(1) }));
 * console.assert(applyDecoderBlock(variables, "block", tf.ones([1, 3, 8]), sizes).shape.join() === "1,3,8");
 * ```
 */
export function applyDecoderBlock(
  variables: NamedVariables,
  prefix: string,
  x: tf.Tensor3D,
  options: ApplyAttentionOptions,
): tf.Tensor3D {
  return tf.tidy(() => {
    const normed = applyNorm(variables, `${prefix}/attention-norm`, x) as tf.Tensor3D;
    const mixed: tf.Tensor3D = tf.add(x, applyAttention(variables, `${prefix}/attention`, normed, options));
    return tf.add(mixed, applyMlp(variables, `${prefix}/mlp`, applyNorm(variables, `${prefix}/mlp-norm`, mixed)));
  });
}
