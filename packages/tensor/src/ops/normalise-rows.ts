import { HapsError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { columnSums } from "../kernels/column-sums.ts";
import { rowHeap } from "../kernels/heap-rows.ts";
import { peekValues } from "../kernels/peek-values.ts";
import { rmsNormInHeap, rmsNormSlopesInHeap } from "../kernels/rms-norm-in-heap.ts";
import { inputGradient, type NormRule, scale, scaleRows, standardise } from "../kernels/standardise-rows.ts";
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
    const heap = rule.center || bias !== undefined ? undefined : rowHeap([x, gain], [dim]);
    if (heap !== undefined) {
      save([gain, x]);
      inverse = new Float64Array(x.size / dim);
      return rmsNormInHeap(heap, { x, gain }, rule.epsilon, inverse);
    }
    save([gain]);
    ({ standard, inverse } = standardise(peekValues(x), dim, rule));
    const y = scale(standard, peekValues(gain), bias === undefined ? undefined : peekValues(bias));
    return tf.tensor(y, x.shape);
  };
  const backward = (gradient: tf.Tensor, saved: readonly tf.Tensor[]) => {
    const [savedGain, savedX] = saved as [tf.Tensor, tf.Tensor | undefined];
    // In the heap x̂ is worked out again rather than kept.
    const standardOf = () => (savedX === undefined ? standard : scaleRows(peekValues(savedX), inverse));
    return {
      x: () => {
        const heap = savedX === undefined ? undefined : rowHeap([savedX, savedGain, gradient], [dim]);
        if (heap !== undefined && savedX !== undefined) {
          return rmsNormSlopesInHeap(heap, { x: savedX, gain: savedGain, gradient }, inverse);
        }
        const slopes = inputGradient(peekValues(gradient), peekValues(savedGain), standardOf(), inverse, rule.center);
        return tf.tensor(slopes, x.shape);
      },
      gain: () => tf.tensor1d(columnSums(peekValues(gradient), dim, standardOf())),
      bias: () => tf.tensor1d(columnSums(peekValues(gradient), dim)),
    };
  };
  const inputs: Record<string, tf.Tensor> = bias === undefined ? { x, gain } : { x, gain, bias };
  return differentiable({ inputs, forward, backward });
}
