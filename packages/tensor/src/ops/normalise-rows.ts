import { HapsError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { columnSums } from "../kernels/column-sums.ts";
import { peekValues } from "../kernels/peek-values.ts";
import { assertShape, lastLength } from "../shape.ts";

/** Options of {@link rmsNorm} and {@link layerNorm}. */
export interface NormOptions {
  /** Added to the mean square or the variance, > 0. Default 1e-5 (PyTorch's LayerNorm and Llama). */
  readonly epsilon?: number;
}

/**
 * Root-mean-square normalisation of the last axis.
 *
 * `y = x / √(mean(x²) + ε) · gain`
 *
 * @param x - `[..., dim]`.
 * @param gain - `[dim]`.
 * @returns The shape of `x`; the caller owns it.
 * @throws ShapeError code `shape` when `gain` does not fit; HapsError code `config` for an epsilon that is not positive.
 *
 * Source: Zhang and Sennrich, Root Mean Square Layer Normalization (2019), eq. 4. Deviation: ε inside the root, as in Llama.
 *
 * @example
 * ```ts
 * const y = rmsNorm(tf.tensor2d([[3, 4]]), tf.ones([2]));
 * console.assert(Math.abs((y.dataSync()[0] ?? 0) - 3 / Math.sqrt(12.5)) < 1e-5);
 * ```
 */
export function rmsNorm(x: tf.Tensor, gain: tf.Tensor1D, options: NormOptions = {}): tf.Tensor {
  return normalise("rmsNorm", { x, gain }, { center: false, epsilon: options.epsilon ?? 1e-5 });
}

/**
 * Layer normalisation of the last axis.
 *
 * `y = (x - mean(x)) / √(var(x) + ε) · gain + bias`, the variance divided by `dim`.
 *
 * @param x - `[..., dim]`.
 * @param gain - `[dim]`.
 * @param bias - `[dim]`; none when absent.
 * @returns The shape of `x`; the caller owns it.
 * @throws ShapeError code `shape` when `gain` or `bias` does not fit; HapsError code `config` for an epsilon that is not positive.
 *
 * Source: Ba, Kiros and Hinton, Layer Normalization (2016), eq. 4. Deviation: ε inside the root, as in PyTorch.
 *
 * @example
 * ```ts
 * const y = layerNorm(tf.tensor2d([[1, 3]]), tf.ones([2]), tf.tensor1d([10, 10]));
 * console.assert(Math.abs((y.dataSync()[0] ?? 0) - 9) < 1e-4);
 * ```
 */
export function layerNorm(x: tf.Tensor, gain: tf.Tensor1D, bias?: tf.Tensor1D, options: NormOptions = {}): tf.Tensor {
  const inputs = bias === undefined ? { x, gain } : { x, gain, bias };
  return normalise("layerNorm", inputs, { center: true, epsilon: options.epsilon ?? 1e-5 });
}

interface NormInputs {
  readonly x: tf.Tensor;
  readonly gain: tf.Tensor1D;
  readonly bias?: tf.Tensor1D;
}

interface NormRule {
  readonly center: boolean;
  readonly epsilon: number;
}

function normalise(operation: string, { x, gain, bias }: NormInputs, rule: NormRule): tf.Tensor {
  const dim = lastLength(operation, "x", x);
  assertShape(operation, "gain", gain, [dim]);
  if (bias !== undefined) assertShape(operation, "bias", bias, [dim]);
  if (!(rule.epsilon > 0 && Number.isFinite(rule.epsilon))) {
    throw new HapsError(
      "config",
      `${operation}: epsilon must be positive; got ${rule.epsilon}; leave it out for 1e-5`,
      { epsilon: rule.epsilon },
    );
  }
  let standard = new Float32Array(0);
  let inverse = new Float64Array(0);
  const forward = (save: (tensors: tf.Tensor[]) => void): tf.Tensor => {
    save([gain]);
    ({ standard, inverse } = standardise(peekValues(x), dim, rule));
    const y = scale(standard, peekValues(gain), bias === undefined ? undefined : peekValues(bias));
    return tf.tensor(y, x.shape);
  };
  const backward = (gradient: tf.Tensor, saved: readonly tf.Tensor[]) => {
    const savedGain = saved[0] as tf.Tensor;
    return {
      x: () =>
        tf.tensor(inputGradient(peekValues(gradient), peekValues(savedGain), standard, inverse, rule.center), x.shape),
      gain: () => tf.tensor1d(columnSums(peekValues(gradient), dim, standard)),
      bias: () => tf.tensor1d(columnSums(peekValues(gradient), dim)),
    };
  };
  const inputs: Record<string, tf.Tensor> = bias === undefined ? { x, gain } : { x, gain, bias };
  return differentiable({ inputs, forward, backward });
}

/** x̂ = (x - center) / √(mean square + ε) and the reciprocal root of every row. */
function standardise(
  x: Float32Array,
  dim: number,
  { center, epsilon }: NormRule,
): { standard: Float32Array<ArrayBuffer>; inverse: Float64Array<ArrayBuffer> } {
  const standard = new Float32Array(x.length);
  const inverse = new Float64Array(dim === 0 ? 0 : x.length / dim);
  for (let row = 0; row < inverse.length; row += 1) {
    const start = row * dim;
    let mean = 0;
    if (center) {
      for (let index = start; index < start + dim; index += 1) mean += x[index] as number;
      mean /= dim;
    }
    let square = 0;
    for (let index = start; index < start + dim; index += 1) {
      const offset = (x[index] as number) - mean;
      square += offset * offset;
    }
    const reciprocal = 1 / Math.sqrt(square / dim + epsilon);
    inverse[row] = reciprocal;
    for (let index = start; index < start + dim; index += 1) {
      standard[index] = ((x[index] as number) - mean) * reciprocal;
    }
  }
  return { standard, inverse };
}

function scale(standard: Float32Array, gain: Float32Array, bias?: Float32Array): Float32Array {
  const y = new Float32Array(standard.length);
  const dim = gain.length;
  for (let start = 0; start < y.length; start += dim) {
    for (let column = 0; column < dim; column += 1) {
      y[start + column] =
        (standard[start + column] as number) * (gain[column] as number) +
        (bias === undefined ? 0 : (bias[column] as number));
    }
  }
  return y;
}

/** dx = (g - [mean g] - x̂ mean(g x̂)) / √(…), g = dy · gain; the bracket only where x was centred. */
function inputGradient(
  gradient: Float32Array,
  gain: Float32Array,
  standard: Float32Array,
  inverse: Float64Array,
  center: boolean,
): Float32Array {
  const dim = gain.length;
  const result = new Float32Array(gradient.length);
  for (let row = 0; row < inverse.length; row += 1) {
    const start = row * dim;
    let mean = 0;
    let along = 0;
    for (let column = 0; column < dim; column += 1) {
      const scaled = (gradient[start + column] as number) * (gain[column] as number);
      mean += scaled;
      along += scaled * (standard[start + column] as number);
    }
    mean = center ? mean / dim : 0;
    along /= dim;
    const reciprocal = inverse[row] as number;
    for (let column = 0; column < dim; column += 1) {
      const scaled = (gradient[start + column] as number) * (gain[column] as number);
      result[start + column] = (scaled - mean - (standard[start + column] as number) * along) * reciprocal;
    }
  }
  return result;
}
