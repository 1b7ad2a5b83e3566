import { ShapeError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { exponential } from "../kernels/exponential.ts";
import { peekValues } from "../kernels/peek-values.ts";

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
  const open = new Float32Array(gates.length);
  return differentiable({
    inputs: { gate, up },
    forward: () => tf.tensor(passGates(gates, ups, open), gate.shape),
    backward: (gradient) => {
      return {
        gate: () => tf.tensor(gateGradient(peekValues(gradient), gates, ups, open), gate.shape),
        up: () => tf.tensor(upGradient(peekValues(gradient), gates, open), up.shape),
      };
    },
  });
}

/** Returns the outputs and fills `open` with σ(gate). */
function passGates(gates: Float32Array, ups: Float32Array, open: Float32Array): Float32Array {
  const y = new Float32Array(gates.length);
  for (let index = 0; index < y.length; index += 1) {
    const value = gates[index] as number;
    const share = 1 / (1 + exponential(-value));
    open[index] = share;
    y[index] = value * share * (ups[index] as number);
  }
  return y;
}

/** d(g σ(g))/dg = σ (1 + g (1 - σ)). */
function gateGradient(slopes: Float32Array, gates: Float32Array, ups: Float32Array, open: Float32Array): Float32Array {
  const result = new Float32Array(slopes.length);
  for (let index = 0; index < result.length; index += 1) {
    const share = open[index] as number;
    const inner = share * (1 + (gates[index] as number) * (1 - share));
    result[index] = (slopes[index] as number) * (ups[index] as number) * inner;
  }
  return result;
}

function upGradient(slopes: Float32Array, gates: Float32Array, open: Float32Array): Float32Array {
  const result = new Float32Array(slopes.length);
  for (let index = 0; index < result.length; index += 1) {
    result[index] = (slopes[index] as number) * (gates[index] as number) * (open[index] as number);
  }
  return result;
}
