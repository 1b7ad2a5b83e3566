import { HapsError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { rowHeap } from "../kernels/heap-rows.ts";
import { type LowRankSlopes, lowRankBackward } from "../kernels/low-rank-backward.ts";
import { lowRankInHeap } from "../kernels/low-rank-in-heap.ts";
import { type LowRankArrays, lowRankForward } from "../kernels/low-rank-rows.ts";
import { peekValues } from "../kernels/peek-values.ts";
import { assertShape } from "../shape.ts";

/** Low-rank updates of several samples and which rows they belong to. */
export interface AddLowRankOptions {
  /** `[samples, rank, in]`; PEFT's `lora_A`. */
  readonly down: tf.Tensor3D;
  /** `[samples, out, rank]`; PEFT's `lora_B`. */
  readonly up: tf.Tensor3D;
  /** Factor of the update. */
  readonly scale: number;
  /** Sample of each row, `[rows]`; -1 leaves the row as it is, bit for bit. */
  readonly sampleOf: ArrayLike<number>;
  /** First column of the base that is updated. Default 0. */
  readonly column?: number;
}

/**
 * Adds to each row the low-rank update of the row's own sample.
 *
 * `y[i, column..column+out] = base[i, …] + scale (x[i] down_sᵀ) up_sᵀ`, s the sample of row i
 *
 * Every row costs `rank (in + out)` multiplications and is worked out by itself, so that it does not depend on its neighbours.
 * Gradients are computed for those arguments that are asked for.
 *
 * @param base - `[rows, width]`, what the weights alone give.
 * @param x - `[rows, in]`.
 * @returns The shape of `base`; the caller owns it.
 * @throws ShapeError code `shape` when lengths differ; HapsError code `config` for a sample that there is not.
 *
 * Source: Hu et al., LoRA (2021), eq. 3; one update per sample: Wen and Chaudhuri, Batched Low-Rank Adaptation (2023).
 *
 * @example
 * ```ts
 * const x = tf.tensor2d([[3, 4], [3, 4]]);
 * const update = { down: tf.tensor3d([[[1, 0]]]), up: tf.tensor3d([[[2]]]), scale: 0.5, sampleOf: [-1, 0] };
 * console.assert(addLowRank(tf.tensor2d([[7], [7]]), x, update).dataSync().join() === "7,10");
 * ```
 */
export function addLowRank(base: tf.Tensor2D, x: tf.Tensor2D, options: AddLowRankOptions): tf.Tensor2D {
  const { down, up, scale, sampleOf, column = 0 } = options;
  assertShape("addLowRank", "base", base, [null, null]);
  const [rows, width] = base.shape;
  assertShape("addLowRank", "x", x, [rows, null]);
  assertShape("addLowRank", "down", down, [null, null, x.shape[1]]);
  const [samples, rank, inputs] = down.shape;
  assertShape("addLowRank", "up", up, [samples, null, rank]);
  const outputs = up.shape[1];
  checkPlaces(sampleOf, { rows, samples, column, outputs, width });
  const sizes = { rows, width, inputs, outputs, rank, column, scale, sampleOf };
  const result = differentiable({
    inputs: { base, x, down, up },
    forward: (save) => {
      save([x, down, up]);
      const heap = rowHeap([base, x, down, up], [inputs, rank]);
      if (heap !== undefined) return lowRankInHeap(heap, { base, x, down, up }, sizes);
      return tf.tensor2d(lowRankForward(peekValues(base), peekAll(x, down, up), sizes), base.shape);
    },
    backward: (gradient, saved) => {
      const [savedX, savedDown, savedUp] = saved as [tf.Tensor2D, tf.Tensor3D, tf.Tensor3D];
      let shared: LowRankSlopes | undefined;
      const slopes = (): LowRankSlopes => {
        if (shared === undefined) {
          // Copies: products make tensors, after which views may no longer hold.
          const arrays = { x: copyOf(savedX), down: copyOf(savedDown), up: copyOf(savedUp) };
          shared = lowRankBackward(copyOf(gradient), arrays, sizes);
        }
        return shared;
      };
      return {
        base: () => tf.clone(gradient),
        x: () => tf.tensor2d(slopes().x(), savedX.shape),
        down: () => tf.tensor3d(slopes().down(), savedDown.shape),
        up: () => tf.tensor3d(slopes().up(), savedUp.shape),
      };
    },
  });
  return result as tf.Tensor2D;
}

function copyOf(tensor: tf.Tensor): Float32Array {
  return tensor.dataSync<"float32">();
}

function peekAll(x: tf.Tensor, down: tf.Tensor, up: tf.Tensor): LowRankArrays {
  return { x: peekValues(x), down: peekValues(down), up: peekValues(up) };
}

function checkPlaces(
  sampleOf: ArrayLike<number>,
  sizes: { rows: number; samples: number; column: number; outputs: number; width: number },
): void {
  const { rows, samples, column, outputs, width } = sizes;
  if (sampleOf.length !== rows || !Number.isInteger(column) || column < 0 || column + outputs > width) {
    throw new HapsError(
      "config",
      `addLowRank: ${sampleOf.length} samples for ${rows} rows, columns ${column} to ${column + outputs} of ${width}; give one sample per row and columns inside the base`,
      { sampleOf: sampleOf.length, ...sizes },
    );
  }
  for (let row = 0; row < rows; row += 1) {
    const sample = sampleOf[row] as number;
    if (Number.isInteger(sample) && sample >= -1 && sample < samples) continue;
    throw new HapsError(
      "config",
      `addLowRank: row ${row} has sample ${sample}; expected -1 or a whole number below ${samples}`,
      { row, sample, samples },
    );
  }
}
