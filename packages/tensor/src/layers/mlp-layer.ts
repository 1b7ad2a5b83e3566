import type * as tf from "@tensorflow/tfjs";
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

/** Starting values under `<prefix>/up`, `<prefix>/down` and, for `swiglu`, `<prefix>/gate`. */
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
 * Feed-forward layer, `[..., dim]` to `[..., dim]`; the caller owns the result.
 *
 * `down(gelu(up(x)))`, or `down(swiglu(gate(x), up(x)))` where the variables have a gate.
 */
export function applyMlp(variables: NamedVariables, prefix: string, x: tf.Tensor): tf.Tensor {
  const up = applyLinear(variables, `${prefix}/up`, x);
  const gated = variables.has(`${prefix}/gate/weight`);
  const inner = gated ? swiglu(applyLinear(variables, `${prefix}/gate`, x), up) : gelu(up);
  return applyLinear(variables, `${prefix}/down`, inner);
}
