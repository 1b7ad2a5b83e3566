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

/**
 * Starting values `<prefix>/weight` and `<prefix>/bias`: normal weights with mean 0, a bias of zeros.
 *
 * @returns Plain arrays, `[out, in]` and `[out]`.
 *
 * Source of the default deviation: LeCun et al., Efficient BackProp (1998), eq. 16.
 */
export function linearParameters(prefix: string, options: LinearLayerOptions): Parameters {
  const { rng, deviation = options.in ** -0.5 } = options;
  const weight = normalMatrix(`${prefix}/weight`, options.out, options.in, { rng, deviation });
  return options.bias === false ? [weight] : [weight, constantVector(`${prefix}/bias`, options.out, 0)];
}

/**
 * Affine map with the variables under `prefix`; see {@link linear}.
 *
 * @param variables - Borrowed.
 * @param x - `[..., in]`.
 * @returns `[..., out]`; the caller owns it.
 * @throws HapsError code `state` when there is no such layer; ShapeError code `shape` when `x` has another width.
 *
 * @example
 * ```ts
 * const variables = createVariables(linearParameters("head", { in: 3, out: 2, rng: createRng(1) }));
 * console.assert(applyLinear(variables, "head", tf.ones([5, 3])).shape.join() === "5,2");
 * ```
 */
export function applyLinear(variables: NamedVariables, prefix: string, x: tf.Tensor): tf.Tensor {
  const weight = variables.get(`${prefix}/weight`) as tf.Tensor2D;
  return linear(x, weight, optionalVariable(variables, `${prefix}/bias`) as tf.Tensor1D | undefined);
}
