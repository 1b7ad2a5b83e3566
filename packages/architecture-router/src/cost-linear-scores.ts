import { linear, type NamedArray, type NamedVariables, type Rng } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/** Starting values of the two linear maps behind {@link costLinearScores}, under `prefix`. */
export function costLinearInitials(
  prefix: string,
  shape: { readonly scores: number; readonly hiddenDimension: number },
  scale: number,
  rng: Rng,
): (readonly [string, NamedArray])[] {
  const { scores, hiddenDimension } = shape;
  return ["quality", "cost"].flatMap((part) => {
    const name = `${prefix}${part}`;
    const values = rng.fork(`${name}/weight`).normals(scores * hiddenDimension, scale);
    return [
      [`${name}/weight`, { shape: [scores, hiddenDimension], values }] as const,
      [`${name}/bias`, { shape: [scores], values: new Float32Array(scores) }] as const,
    ];
  });
}

/**
 * Scores that fall linearly in the cost weight, so that one head serves a whole cost-quality curve.
 *
 * `score = u(h) - β v(h)`, `u` and `v` affine.
 *
 * @param hidden - h, `[batch, hiddenDimension]`.
 * @param costWeights - β, `[batch]`.
 * @returns `[batch, scores]`; the caller owns it.
 */
export function costLinearScores(
  variables: NamedVariables,
  prefix: string,
  hidden: tf.Tensor2D,
  costWeights: tf.Tensor1D,
): tf.Tensor2D {
  return tf.tidy(() => {
    const affine = (part: string): tf.Tensor =>
      linear(
        hidden,
        variables.get(`${prefix}${part}/weight`) as tf.Tensor2D,
        variables.get(`${prefix}${part}/bias`) as tf.Tensor1D,
      );
    return tf.sub(affine("quality"), tf.mul(affine("cost"), tf.reshape(costWeights, [-1, 1])));
  });
}
