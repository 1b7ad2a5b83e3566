import { ShapeError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { peekValues } from "../kernels/peek-values.ts";
import { type GateArrays, gateSlopes, passGates } from "../kernels/swish-gate.ts";

/**
 * Gated linear unit with the swish gate, element by element.
 *
 * `y = gate σ(gate) · up`, with σ the logistic function.
 *
 * @param gate - Any shape.
 * @param up - The shape of `gate`.
 * @returns The shape of `gate`; the caller owns it.
 * @throws ShapeError code `shape` when the shapes differ.
 *
 * Source: Shazeer, GLU Variants Improve Transformer (2020), eq. 5, without the projections.
 *
 * @example
 * ```ts
 * console.assert(Math.abs((swiglu(tf.tensor1d([1]), tf.tensor1d([2])).dataSync()[0] ?? 0) - 1.4621) < 1e-4);
 * ```
 */
export function swiglu(gate: tf.Tensor, up: tf.Tensor): tf.Tensor {
  if (gate.shape.join() !== up.shape.join()) {
    throw new ShapeError("swiglu", "up", `[${gate.shape.join(", ")}], as gate has`, up.shape);
  }
  const gates = gate.dataSync<"float32">();
  const ups = up.dataSync<"float32">();
  const layout = { rows: 1, hidden: gates.length, stride: gates.length, upStart: 0 };
  return differentiable({
    inputs: { gate, up },
    forward: () => tf.tensor(passGates({ gates, ups }, layout), gate.shape),
    backward: (gradient) => {
      let shared: GateArrays | undefined;
      const both = (): GateArrays => {
        if (shared === undefined) {
          shared = { gates: new Float32Array(gates.length), ups: new Float32Array(gates.length) };
          gateSlopes(shared, peekValues(gradient), { gates, ups }, layout);
        }
        return shared;
      };
      return { gate: () => tf.tensor(both().gates, gate.shape), up: () => tf.tensor(both().ups, up.shape) };
    },
  });
}
