import * as tf from "@tensorflow/tfjs";
import { isClose } from "./expect-close.ts";

/** Options of {@link checkGradient}; the defaults gave the smallest error for float32 when they were measured. */
export interface CheckGradientOptions {
  /** Half the width of the central difference. Default 5e-3. */
  readonly eps?: number;
  /** Default 2e-2. */
  readonly rtol?: number;
  /** Default 1e-3. */
  readonly atol?: number;
  /** Which inputs to differentiate; default all. */
  readonly inputs?: readonly number[];
}

/**
 * Fails unless the gradient of a tensor function agrees with central differences, element by element.
 *
 * An output that is no scalar is contracted with fixed weights, in float64 for the differences. Inputs are borrowed.
 *
 * @returns The largest absolute disagreement.
 */
export function checkGradient(
  compute: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
  options: CheckGradientOptions = {},
): number {
  const { eps = 5e-3, rtol = 2e-2, atol = 1e-3 } = options;
  const chosen = options.inputs ?? inputs.map((_, index) => index);
  const analytic = gradients(compute, inputs, chosen);
  let largest = 0;
  chosen.forEach((position, order) => {
    const values = Float32Array.from((inputs[position] as tf.Tensor).dataSync());
    for (let element = 0; element < values.length; element += 1) {
      const numeric = centralDifference(compute, inputs, { position, values, element, eps });
      const got = (analytic[order] as Float32Array)[element] as number;
      if (!isClose(got, numeric, { rtol, atol })) {
        throw new Error(
          `checkGradient: input ${position}, element ${element}: gradient ${got}, central difference ${numeric}`,
        );
      }
      largest = Math.max(largest, Math.abs(got - numeric));
    }
  });
  return largest;
}

function gradients(
  compute: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
  chosen: readonly number[],
): Float32Array[] {
  const results: Float32Array[] = [];
  tf.tidy(() => {
    const contracted = (...varied: tf.Tensor[]): tf.Scalar => {
      const all = [...inputs];
      chosen.forEach((position, order) => {
        all[position] = varied[order] as tf.Tensor;
      });
      const output = compute(...all);
      return tf.sum(tf.mul(output, tf.tensor(contractionWeights(output.size), output.shape)));
    };
    const found = tf.grads(contracted)(chosen.map((position) => inputs[position] as tf.Tensor));
    for (const gradient of found) results.push(Float32Array.from(gradient.dataSync()));
  });
  return results;
}

interface Perturbation {
  readonly position: number;
  readonly values: Float32Array;
  readonly element: number;
  readonly eps: number;
}

function centralDifference(
  compute: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
  { position, values, element, eps }: Perturbation,
): number {
  const at = (offset: number): { readonly input: number; readonly output: number } => {
    const moved = values.slice();
    moved[element] = (values[element] as number) + offset;
    let output = 0;
    tf.tidy(() => {
      const all = [...inputs];
      all[position] = tf.tensor(moved, (inputs[position] as tf.Tensor).shape);
      const result = compute(...all);
      const numbers = result.dataSync();
      const weights = contractionWeights(result.size);
      for (let index = 0; index < numbers.length; index += 1) {
        output += (numbers[index] as number) * (weights[index] as number);
      }
    });
    return { input: moved[element], output };
  };
  const above = at(eps);
  const below = at(-eps);
  return (above.output - below.output) / (above.input - below.input);
}

/** Between 0.5 and 1.5 in no simple pattern, so that errors of neighbours do not cancel; a scalar keeps weight 1. */
function contractionWeights(size: number): Float32Array {
  if (size === 1) return Float32Array.of(1);
  return Float32Array.from({ length: size }, (_, index) => 0.5 + ((index * 0.6180339887) % 1));
}
