import type * as tf from "@tensorflow/tfjs";
import { layerNorm, type NormOptions, rmsNorm } from "../ops/normalise-rows.ts";
import type { NamedVariables } from "../variables.ts";
import { constantVector, type Parameters } from "./parameters.ts";

/** `rms` has a gain, `layer` a gain and a bias. */
export type NormKind = "rms" | "layer";

/** Starting values `<prefix>/gain` (ones) and, for `layer`, `<prefix>/bias` (zeros), `[dim]`. */
export function normParameters(prefix: string, dim: number, kind: NormKind): Parameters {
  const gain = constantVector(`${prefix}/gain`, dim, 1);
  return kind === "rms" ? [gain] : [gain, constantVector(`${prefix}/bias`, dim, 0)];
}

/**
 * Normalises the last axis with the variables under `prefix`: {@link layerNorm} where there is a bias, else {@link rmsNorm}.
 *
 * @param variables - Borrowed.
 * @param x - `[..., dim]`.
 * @returns The shape of `x`; the caller owns it.
 * @throws HapsError code `state` when there is no such layer; ShapeError code `shape` when `x` has another width.
 *
 * @example
 * ```ts
 * const variables = createVariables(normParameters("norm", 2, "rms"));
 * console.assert(Math.abs((applyNorm(variables, "norm", tf.ones([1, 2])).dataSync()[0] ?? 0) - 1) < 1e-4);
 * ```
 */
export function applyNorm(
  variables: NamedVariables,
  prefix: string,
  x: tf.Tensor,
  options: NormOptions = {},
): tf.Tensor {
  const gain = variables.get(`${prefix}/gain`) as tf.Tensor1D;
  if (!variables.has(`${prefix}/bias`)) return rmsNorm(x, gain, options);
  return layerNorm(x, gain, variables.get(`${prefix}/bias`) as tf.Tensor1D, options);
}
