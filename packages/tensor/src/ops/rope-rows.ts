import { HapsError, ShapeError } from "@haps/spec";
import type * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { rowAngles } from "../kernels/rotate-rows.ts";
import { turnRows } from "../kernels/turn-rows.ts";
import { assertShape } from "../shape.ts";

/** Options of {@link ropeRows}. */
export interface RopeRowsOptions {
  /** Width of one head, even. */
  readonly headDim: number;
  /** How many heads at the beginning of each row turn; the rest stays. */
  readonly heads: number;
  /** Position of each row, `[rows]`. */
  readonly positions: ArrayLike<number>;
  /** Angle per position of each pair, `[headDim / 2]`. */
  readonly frequencies: ArrayLike<number>;
}

/**
 * Rotary position embedding of packed rows, each at a position of its own.
 *
 * `(a, b) ← (a cos φ - b sin φ, a sin φ + b cos φ)`, `φ = position · frequency`, for the elements i and i + headDim/2 of a head; the
 * gradient turns back.
 *
 * @param x - `[rows, width]`, at least `heads * headDim` wide.
 * @returns The shape of `x`; the caller owns it.
 * @throws ShapeError code `shape` when rows are too narrow; HapsError code `config` for positions or frequencies of another length.
 *
 * Source: Su et al., RoFormer (2021), eq. 34. Deviation: pairs are half a head apart, as Hugging Face stores Llama.
 *
 * @example
 * ```ts
 * const y = ropeRows(tf.tensor2d([[1, 0, 5]]), { headDim: 2, heads: 1, positions: [1], frequencies: [1] });
 * console.assert(Math.abs((y.dataSync()[0] ?? 0) - Math.cos(1)) < 1e-6 && y.dataSync()[2] === 5);
 * ```
 */
export function ropeRows(x: tf.Tensor2D, options: RopeRowsOptions): tf.Tensor2D {
  assertShape("ropeRows", "x", x, [null, null]);
  checkOptions(x.shape, options);
  const { headDim, heads } = options;
  const angles = rowAngles(options.positions, options.frequencies);
  const layout = { width: x.shape[1], heads, headDim };
  const turned = differentiable({
    inputs: { x },
    forward: () => turnRows(x, angles, layout, 1),
    backward: (gradient) => ({ x: () => turnRows(gradient, angles, layout, -1) }),
  });
  return turned as tf.Tensor2D;
}

function checkOptions([rows, width]: readonly [number, number], options: RopeRowsOptions): void {
  const { headDim, heads, positions, frequencies } = options;
  const half = headDim / 2;
  if (!Number.isInteger(half) || half < 1 || !Number.isInteger(heads) || heads < 0 || heads * headDim > width) {
    throw new ShapeError("ropeRows", "x", `a last axis of at least ${heads} heads of an even ${headDim}`, [
      rows,
      width,
    ]);
  }
  if (positions.length !== rows || frequencies.length !== half) {
    throw new HapsError(
      "config",
      `ropeRows: ${positions.length} positions and ${frequencies.length} frequencies; expected ${rows} and ${half}; give one per row and one per pair`,
      { positions: positions.length, rows, frequencies: frequencies.length, half },
    );
  }
}
