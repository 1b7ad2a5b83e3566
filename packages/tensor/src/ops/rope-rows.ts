import { HapsError, ShapeError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { peekValues } from "../kernels/peek-values.ts";
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
  const angles = anglesOf(x.shape, options);
  const turned = differentiable({
    inputs: { x },
    forward: () => tf.tensor2d(turn(peekValues(x), x.shape, angles, 1), x.shape),
    backward: (gradient) => ({
      x: () => tf.tensor2d(turn(peekValues(gradient), x.shape, angles, -1), x.shape),
    }),
  });
  return turned as tf.Tensor2D;
}

interface Angles {
  readonly heads: number;
  readonly half: number;
  /** `[rows, half]`. */
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
}

function anglesOf([rows, width]: readonly [number, number], options: RopeRowsOptions): Angles {
  const { headDim, heads, positions, frequencies } = options;
  const half = headDim / 2;
  if (!Number.isInteger(half) || half < 1 || heads * headDim > width) {
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
  const cosines = new Float64Array(rows * half);
  const sines = new Float64Array(rows * half);
  for (let index = 0; index < cosines.length; index += 1) {
    const angle = (positions[Math.floor(index / half)] as number) * (frequencies[index % half] as number);
    cosines[index] = Math.cos(angle);
    sines[index] = Math.sin(angle);
  }
  return { heads, half, cosines, sines };
}

function turn(
  values: Float32Array,
  [rows, width]: readonly [number, number],
  { heads, half, cosines, sines }: Angles,
  direction: 1 | -1,
): Float32Array {
  const result = values.slice();
  for (let row = 0; row < rows; row += 1) {
    const table = row * half;
    for (let head = 0; head < heads; head += 1) {
      const start = row * width + 2 * head * half;
      for (let pair = 0; pair < half; pair += 1) {
        const a = values[start + pair] as number;
        const b = values[start + half + pair] as number;
        const cosine = cosines[table + pair] as number;
        const sine = direction * (sines[table + pair] as number);
        result[start + pair] = a * cosine - b * sine;
        result[start + half + pair] = a * sine + b * cosine;
      }
    }
  }
  return result;
}
