import { assignmentOf, linear } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/**
 * Adds the values of the chosen candidates to the logits of every assignment.
 *
 * `logits[b, z] + Σ_i values[b, z_i]`
 *
 * @param logits - `[batch, candidates ** roles]`.
 * @param values - `[batch, candidates]`; without it the logits are returned as they are.
 */
export function summedValues(logits: tf.Tensor2D, values: tf.Tensor2D | undefined, roles: number): tf.Tensor2D {
  if (values === undefined) return logits;
  const [, candidates] = values.shape;
  const count = logits.shape[1];
  const counts = new Float32Array(count * candidates);
  for (let code = 0; code < count; code += 1) {
    for (const candidate of assignmentOf(code, roles, candidates)) {
      const place = code * candidates + candidate;
      counts[place] = (counts[place] as number) + 1;
    }
  }
  return tf.add(logits, linear(values, tf.tensor2d(counts, [count, candidates])));
}

/**
 * Adds the values of the candidates to the logits of every role.
 *
 * @param logits - `[batch, roles * candidates]`.
 * @param values - `[batch, candidates]`; without it the logits are returned as they are.
 */
export function repeatedValues(logits: tf.Tensor2D, values: tf.Tensor2D | undefined, roles: number): tf.Tensor2D {
  if (values === undefined) return logits;
  return tf.add(logits, roles === 1 ? values : tf.tile(values, [1, roles]));
}
