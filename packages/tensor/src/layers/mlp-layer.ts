import * as tf from "@tensorflow/tfjs";
import { gelu } from "../ops/gelu.ts";
import { swiglu } from "../ops/swiglu.ts";
import type { Rng } from "../rng.ts";
import type { NamedVariables } from "../variables.ts";
import { applyLinear, linearParameters } from "./linear-layer.ts";
import type { Parameters } from "./parameters.ts";

/** Sizes and start of a feed-forward layer. */
export interface MlpLayerOptions {
  readonly dim: number;
  /** Width between the two maps. */
  readonly hidden: number;
  /** `gelu` has `up` and `down`; `swiglu` a `gate` too. */
  readonly kind: "gelu" | "swiglu";
  /** Default true. */
  readonly bias?: boolean;
  readonly rng: Rng;
}

/**
 * Starting values under `<prefix>/up`, `<prefix>/down` and, for `swiglu`, `<prefix>/gate`.
 *
 * @returns Plain arrays: up and gate `[hidden, dim]`, down `[dim, hidden]`.
 */
export function mlpParameters(prefix: string, options: MlpLayerOptions): Parameters {
  const { dim, hidden, rng, bias = true } = options;
  const gate = options.kind === "gelu" ? [] : linearParameters(`${prefix}/gate`, { in: dim, out: hidden, bias, rng });
  return [
    ...gate,
    ...linearParameters(`${prefix}/up`, { in: dim, out: hidden, bias, rng }),
    ...linearParameters(`${prefix}/down`, { in: hidden, out: dim, bias, rng }),
  ];
}

/**
 * Feed-forward layer with the variables under `prefix`.
 *
 * `y = down(gelu(up(x)))`, or `y = down(swiglu(gate(x), up(x)))` where the variables have a gate.
 *
 * @param variables - Borrowed.
 * @param x - `[..., dim]`.
 * @returns The shape of `x`; the caller owns it.
 * @throws HapsError code `state` when there is no such layer; ShapeError code `shape` when `x` has another width.
 *
 * Source: Shazeer, GLU Variants Improve Transformer (2020), eq. 6.
 *
 * @example
 * ```ts
 * const variables = createVariables(mlpParameters("mlp", { dim: 4, hidden: 8, kind: "gelu", rng: createRng(1) }));
 * console.assert(applyMlp(variables, "mlp", tf.ones([2, 4])).shape.join() === "2,4");
 * ```
 */
export function applyMlp(variables: NamedVariables, prefix: string, x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const up = applyLinear(variables, `${prefix}/up`, x);
    const gated = variables.has(`${prefix}/gate/weight`);
    const inner = gated ? swiglu(applyLinear(variables, `${prefix}/gate`, x), up) : gelu(up);
    return applyLinear(variables, `${prefix}/down`, inner);
  });
}
