import { ShapeError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { peekValues } from "../kernels/peek-values.ts";
import { type GateArrays, gateSlopes, passGates } from "../kernels/swish-gate.ts";
import { assertShape } from "../shape.ts";

/**
 * Gated linear unit with the swish gate on rows that hold gate and value side by side.
 *
 * `y = gate σ(gate) · up`, gate the first half of each row, up the second, σ the logistic function.
 *
 * @param x - `[rows, 2 * hidden]`.
 * @returns `[rows, hidden]`; the caller owns it.
 * @throws ShapeError code `shape` for another rank or an odd width.
 *
 * Source: Shazeer, GLU Variants Improve Transformer (2020), eq. 5, without the projections.
 *
 * @example
 * ```ts
 * console.assert(Math.abs((swigluPair(tf.tensor2d([[1, 2]])).dataSync()[0] ?? 0) - 1.4621) < 1e-4);
 * ```
 */
export function swigluPair(x: tf.Tensor2D): tf.Tensor2D {
  assertShape("swigluPair", "x", x, [null, null]);
  const [rows, width] = x.shape;
  if (width % 2 !== 0) throw new ShapeError("swigluPair", "x", "an even last axis: gate and up side by side", x.shape);
  const hidden = width / 2;
  const layout = { rows, hidden, stride: width, upStart: hidden };
  const pair = (values: Float32Array): GateArrays => ({ gates: values, ups: values });
  const result = differentiable({
    inputs: { x },
    forward: (save) => {
      save([x]);
      return tf.tensor2d(passGates(pair(peekValues(x)), layout), [rows, hidden]);
    },
    backward: (gradient, [saved]) => ({
      x: () => {
        const slopes = new Float32Array(rows * width);
        gateSlopes(pair(slopes), peekValues(gradient), pair(peekValues(saved as tf.Tensor)), layout);
        return tf.tensor2d(slopes, [rows, width]);
      },
    }),
  });
  return result as tf.Tensor2D;
}
