import type * as tf from "@tensorflow/tfjs";
import { linear } from "../ops/linear.ts";
import type { Rng } from "../rng.ts";
import type { NamedVariables } from "../variables.ts";
import { constantVector, normalMatrix, optionalVariable, type Parameters } from "./parameters.ts";

/** Sizes and start of a linear layer. */
export interface LinearLayerOptions {
  readonly in: number;
  readonly out: number;
  /** Whether there is a bias, which starts at 0. Default true. */
  readonly bias?: boolean;
  readonly rng: Rng;
  /** Standard deviation of the starting weights. Default `1 / √in`, which keeps the variance of the input. */
  readonly deviation?: number;
}

/** Starting values `<prefix>/weight` `[out, in]` and `<prefix>/bias` `[out]`. */
export function linearParameters(prefix: string, options: LinearLayerOptions): Parameters {
  const { rng, deviation = options.in ** -0.5 } = options;
  const weight = normalMatrix(`${prefix}/weight`, options.out, options.in, { rng, deviation });
  return options.bias === false ? [weight] : [weight, constantVector(`${prefix}/bias`, options.out, 0)];
}

/** `[..., in]` to `[..., out]` with the variables under `prefix`; the caller owns the result. See {@link linear}. */
export function applyLinear(variables: NamedVariables, prefix: string, x: tf.Tensor): tf.Tensor {
  const weight = variables.get(`${prefix}/weight`) as tf.Tensor2D;
  return linear(x, weight, optionalVariable(variables, `${prefix}/bias`) as tf.Tensor1D | undefined);
}
