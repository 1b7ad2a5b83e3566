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

/** Normalises the last axis with the variables under `prefix`: a bias there makes it a layer norm. The caller owns the result. */
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
