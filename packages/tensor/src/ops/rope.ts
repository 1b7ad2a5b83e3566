import { HapsError, ShapeError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { peekValues } from "../kernels/peek-values.ts";
import { type RowAngles, rotateRows, rowAngles } from "../kernels/rotate-rows.ts";
import { assertShape } from "../shape.ts";

/** Options of {@link rope}. */
export interface RopeOptions {
  /** Width of one head, even; the last axis holds a whole number of heads. */
  readonly headDim: number;
  /** Base of the angles, > 1. Default 10000 (Su et al. 2021); later models use more. Ignored with `frequencies`. */
  readonly base?: number;
  /** Angle per position of each pair, `[headDim / 2]`, for scaled variants. Default `base^(-2i / headDim)`. */
  readonly frequencies?: ArrayLike<number>;
  /** Position of the first token. Default 0; with a cache, the number of cached tokens. */
  readonly offset?: number;
  /** Which elements form a pair: `half` (i and i + headDim/2; Llama in Hugging Face's layout; the default) or `interleaved` (2i and 2i+1; the paper). */
  readonly pairs?: "half" | "interleaved";
}

/**
 * Rotary position embedding: turns every pair of elements by an angle in proportion to its position.
 *
 * `(a, b) ← (a cos φ - b sin φ, a sin φ + b cos φ)`, `φ = position · base^(-2i / headDim)`; the gradient turns back.
 *
 * @param x - `[batch, tokens, heads * headDim]`.
 * @returns The shape of `x`; the caller owns it.
 * @throws ShapeError code `shape` when `x` has another rank or its width holds no whole number of heads; HapsError code `config`
 *   for an odd `headDim`, a base of at most 1, an offset that is no whole number >= 0, or frequencies of another length.
 *
 * Source: Su et al., RoFormer (2021), eq. 34. Deviation: pairs are half a head apart by default, as Hugging Face stores Llama.
 *
 * @example
 * ```ts
 * const y = rope(tf.tensor3d([[[1, 0]]]), { headDim: 2, offset: 1 });
 * console.assert(Math.abs((y.dataSync()[0] ?? 0) - Math.cos(1)) < 1e-6);
 * ```
 */
export function rope(x: tf.Tensor3D, options: RopeOptions): tf.Tensor3D {
  const { headDim } = options;
  assertShape("rope", "x", x, [null, null, null]);
  const [batch, tokens, width] = x.shape;
  const angles = anglesOf(batch, tokens, options);
  if (width % headDim !== 0) throw new ShapeError("rope", "x", `a last axis of a multiple of ${headDim}`, x.shape);
  const layout = { width, heads: width / headDim, headDim, halves: (options.pairs ?? "half") === "half" };
  const turned = differentiable({
    inputs: { x },
    forward: () => tf.tensor(rotateRows(peekValues(x), angles, layout, 1), x.shape),
    backward: (gradient) => ({
      x: () => tf.tensor(rotateRows(peekValues(gradient), angles, layout, -1), x.shape),
    }),
  });
  return turned as tf.Tensor3D;
}

function anglesOf(batch: number, tokens: number, options: RopeOptions): RowAngles {
  const { headDim, base = 10_000, offset = 0 } = options;
  if (!Number.isInteger(headDim) || headDim < 2 || headDim % 2 !== 0) {
    throw new HapsError(
      "config",
      `rope: headDim must be even and positive; got ${headDim}; check the number of heads`,
      {
        headDim,
      },
    );
  }
  if (!(base > 1) || !Number.isSafeInteger(offset) || offset < 0) {
    throw new HapsError(
      "config",
      `rope: base must be above 1 and offset a whole number >= 0; got ${base} and ${offset}; give the model's base and the number of cached tokens`,
      { base, offset },
    );
  }
  const half = headDim / 2;
  const frequencies = options.frequencies ?? Float64Array.from({ length: half }, (_, pair) => base ** (-pair / half));
  if (frequencies.length !== half) {
    throw new HapsError(
      "config",
      `rope: ${frequencies.length} frequencies for heads of ${headDim}; expected ${half}; give one per pair`,
      { frequencies: frequencies.length, headDim },
    );
  }
  const positions = Float64Array.from({ length: batch * tokens }, (_, row) => offset + (row % tokens));
  return rowAngles(positions, frequencies);
}
