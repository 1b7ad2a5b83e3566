import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";

/** Which formula {@link gelu} uses. */
export type GeluForm = "tanh" | "erf";

const SCALE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/**
 * Gaussian error linear unit.
 *
 * `tanh` (the default): `x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`; `erf`: `x/2 (1 + erf(x/√2))`.
 *
 * @param x - Any shape.
 * @returns The shape of `x`; the caller owns it.
 *
 * Source: Hendrycks and Gimpel, Gaussian Error Linear Units (2016), section 2.
 *
 * @example
 * ```ts
 * console.assert(Math.abs((gelu(tf.tensor1d([1])).dataSync()[0] ?? 0) - 0.8412) < 1e-4);
 * ```
 */
export function gelu(x: tf.Tensor, form: GeluForm = "tanh"): tf.Tensor {
  return differentiable({
    inputs: { x },
    forward: (save) => {
      save([x]);
      return map(x, form === "tanh" ? geluTanh : geluErf);
    },
    backward: (gradient, saved) => ({
      x: () => tf.mul(gradient, map(saved[0] as tf.Tensor, form === "tanh" ? geluTanhSlope : geluErfSlope)),
    }),
  });
}

function map(x: tf.Tensor, apply: (value: number) => number): tf.Tensor {
  const values = x.dataSync<"float32">();
  const result = new Float32Array(values.length);
  for (let index = 0; index < values.length; index += 1) result[index] = apply(values[index] as number);
  return tf.tensor(result, x.shape);
}

/** (1 + tanh u)/2 equals the logistic function of 2u, which needs one exponential. */
function gate(value: number): number {
  return 1 / (1 + Math.exp(-2 * SCALE * (value + CUBIC * value * value * value)));
}

function geluTanh(value: number): number {
  return value * gate(value);
}

function geluTanhSlope(value: number): number {
  const open = gate(value);
  const rest = open * (1 - open);
  return rest === 0 ? open : open + 2 * value * rest * SCALE * (1 + 3 * CUBIC * value * value);
}

function geluErf(value: number): number {
  return value * normalCumulative(value);
}

function geluErfSlope(value: number): number {
  return normalCumulative(value) + (value * Math.exp(-0.5 * value * value)) / Math.sqrt(2 * Math.PI);
}

/** Abramowitz and Stegun (1964), 7.1.26: within 7.5e-8 of the normal distribution function. */
function normalCumulative(value: number): number {
  const magnitude = Math.abs(value) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * magnitude);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const upper = 0.5 * series * Math.exp(-magnitude * magnitude);
  return value >= 0 ? 1 - upper : upper;
}
