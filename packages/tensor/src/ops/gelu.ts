import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { exponential } from "../kernels/exponential.ts";

/** Which formula {@link gelu} uses. */
export type GeluForm = "tanh" | "erf";

const SCALE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;
const DENSITY = 1 / Math.sqrt(2 * Math.PI);

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
  const values = x.dataSync<"float32">();
  const gates = new Float32Array(values.length);
  return differentiable({
    inputs: { x },
    forward: () => {
      const y = new Float32Array(values.length);
      const gate = form === "tanh" ? logisticGate : normalGate;
      for (let index = 0; index < y.length; index += 1) {
        const value = values[index] as number;
        const open = gate(value);
        gates[index] = open;
        // An infinite input times a closed gate would be NaN.
        y[index] = open === 0 ? 0 : value * open;
      }
      return tf.tensor(y, x.shape);
    },
    backward: (gradient) => ({
      x: () => {
        const slopes = gradient.dataSync<"float32">();
        return tf.tensor(
          form === "tanh" ? slopesTanh(slopes, values, gates) : slopesErf(slopes, values, gates),
          x.shape,
        );
      },
    }),
  });
}

/** (1 + tanh u)/2 is the logistic function of 2u, which needs one exponential. */
function logisticGate(value: number): number {
  return 1 / (1 + exponential(-2 * SCALE * (value + CUBIC * value * value * value)));
}

function slopesTanh(slopes: Float32Array, values: Float32Array, gates: Float32Array): Float32Array {
  const result = new Float32Array(slopes.length);
  for (let index = 0; index < result.length; index += 1) {
    const value = values[index] as number;
    const open = gates[index] as number;
    const rest = open * (1 - open);
    const inner = rest === 0 ? 0 : 2 * value * rest * SCALE * (1 + 3 * CUBIC * value * value);
    result[index] = (slopes[index] as number) * (open + inner);
  }
  return result;
}

/** Normal distribution function within 7.5e-8: Abramowitz and Stegun (1964), 7.1.26. */
function normalGate(value: number): number {
  const magnitude = Math.abs(value) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * magnitude);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const upper = 0.5 * series * exponential(-magnitude * magnitude);
  return value >= 0 ? 1 - upper : upper;
}

function slopesErf(slopes: Float32Array, values: Float32Array, gates: Float32Array): Float32Array {
  const result = new Float32Array(slopes.length);
  for (let index = 0; index < result.length; index += 1) {
    const value = values[index] as number;
    const density = DENSITY * exponential(-0.5 * value * value);
    result[index] = (slopes[index] as number) * ((gates[index] as number) + (density === 0 ? 0 : value * density));
  }
  return result;
}
