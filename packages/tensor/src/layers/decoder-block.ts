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

/** Starting values under `<prefix>/attention-norm`, `/attention`, `/mlp-norm` and `/mlp`. */
export function decoderBlockParameters(prefix: string, options: DecoderBlockOptions): Parameters {
  return [
    ...normParameters(`${prefix}/attention-norm`, options.dim, options.norm),
    ...attentionParameters(`${prefix}/attention`, options),
    ...normParameters(`${prefix}/mlp-norm`, options.dim, options.norm),
    ...mlpParameters(`${prefix}/mlp`, { ...options, kind: options.mlp }),
  ];
}

/**
 * Pre-norm transformer block, `[batch, tokens, dim]` to the same; the caller owns the result.
 *
 * `h = x + attention(norm(x))`, `y = h + mlp(norm(h))`
 *
 * Call it inside `tf.tidy`: intermediate tensors are freed there.
 */
export function applyDecoderBlock(
  variables: NamedVariables,
  prefix: string,
  x: tf.Tensor3D,
  options: ApplyAttentionOptions,
): tf.Tensor3D {
  const normed = applyNorm(variables, `${prefix}/attention-norm`, x) as tf.Tensor3D;
  const mixed: tf.Tensor3D = tf.add(x, applyAttention(variables, `${prefix}/attention`, normed, options));
  return tf.add(mixed, applyMlp(variables, `${prefix}/mlp`, applyNorm(variables, `${prefix}/mlp-norm`, mixed)));
}
