import { HapsError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { assertShape, lastLength } from "../shape.ts";

/** Log-probability of what a mask forbids: finite, so that `0 * logProb` is 0, yet `exp` of it is exactly 0. */
export const FORBIDDEN_LOG_PROBABILITY = -1e30;

/** Options of {@link logSoftmax}. */
export interface LogSoftmaxOptions {
  /** 1 (or true) where allowed, 0 where forbidden; the shape of `logits`. Absent: all is allowed. */
  readonly mask?: tf.Tensor;
}

/**
 * Logarithm of the softmax over the last axis, in the stable form, with an optional mask.
 *
 * `y_i = x_i - log Σ_j exp x_j`, the sum over allowed entries; forbidden ones are {@link FORBIDDEN_LOG_PROBABILITY} and get no
 * gradient.
 *
 * @param logits - `[..., classes]`, any finite values.
 * @returns The shape of `logits`, <= 0; `exp` of a row sums to 1. The caller owns it.
 * @throws ShapeError code `shape` when the mask has another shape or there are no classes.
 * @throws HapsError code `config` when a mask allows nothing in some row.
 *
 * @example
 * ```ts
 * const y = logSoftmax(tf.tensor2d([[0, 0, 9]]), { mask: tf.tensor2d([[1, 1, 0]]) });
 * console.assert(Math.abs(Math.exp(y.dataSync()[0] ?? 0) - 0.5) < 1e-6);
 * ```
 */
export function logSoftmax(logits: tf.Tensor, options: LogSoftmaxOptions = {}): tf.Tensor {
  const classes = lastLength("logSoftmax", "logits", logits);
  if (classes === 0) assertShape("logSoftmax", "logits", logits, [null, 1]);
  const mask = options.mask;
  if (mask !== undefined) {
    assertShape("logSoftmax", "mask", mask, logits.shape);
    assertRowsAllowed(mask, classes);
  }
  return differentiable({
    inputs: { logits },
    forward: (save) => {
      const y = mask === undefined ? normalise(logits) : normaliseAllowed(logits, mask);
      // Saved, since the caller may free the mask before the backward pass.
      save(mask === undefined ? [y] : [y, mask]);
      return y;
    },
    backward: (gradient, saved) => ({
      logits: () => {
        const [y, allowed] = saved as [tf.Tensor, tf.Tensor | undefined];
        const incoming =
          allowed === undefined ? gradient : tf.mul(gradient, tf.cast(tf.cast(allowed, "bool"), "float32"));
        return tf.sub(incoming, tf.mul(tf.exp(y), tf.sum(incoming, -1, true)));
      },
    }),
  });
}

function normalise(logits: tf.Tensor): tf.Tensor {
  const shifted = tf.sub(logits, tf.max(logits, -1, true));
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
}

function normaliseAllowed(logits: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  const forbidden = tf.fill(logits.shape, FORBIDDEN_LOG_PROBABILITY);
  const allowed = tf.cast(mask, "bool");
  return tf.where(allowed, normalise(tf.where(allowed, logits, forbidden)), forbidden);
}

function assertRowsAllowed(mask: tf.Tensor, classes: number): void {
  const values = mask.dataSync();
  for (let start = 0; start < values.length; start += classes) {
    if (values.subarray(start, start + classes).some((value) => value !== 0)) continue;
    const row = start / classes;
    throw new HapsError(
      "config",
      `logSoftmax: the mask allows nothing in row ${row}; got ${classes} forbidden entries, expected at least one allowed; leave a choice in every row`,
      { row, classes },
    );
  }
}
