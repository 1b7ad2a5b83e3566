import { type Backbone, createVariables, gelu, linear, type Rng } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/**
 * Makes the encoder that a baseline uses when none is given: features brought to one scale, then at most one hidden layer.
 *
 * `h = GELU(W u + b)`, `u = (x - mean) / spread`, with one spread for all features, so that directions that hardly vary stay
 * small. Width 0 gives `h = u`.
 *
 * @param training - `[rows, dimension]`, from which mean and spread are taken.
 * @returns Variables `hidden/weight` `[hidden, dimension]` and `hidden/bias` `[hidden]`, none for width 0; the caller disposes
 *   them.
 */
export function defaultBackbone(training: Float32Array, dimension: number, hidden: number, rng: Rng): Backbone {
  const rows = training.length / dimension;
  const mean = new Float64Array(dimension);
  training.forEach((value, index) => {
    mean[index % dimension] = (mean[index % dimension] as number) + value / rows;
  });
  const variance = training.reduce((sum, value, index) => sum + (value - (mean[index % dimension] as number)) ** 2, 0);
  const spread = Math.sqrt(variance / training.length) || 1;
  const variables = createVariables(
    hidden === 0
      ? []
      : [
          [
            "hidden/weight",
            {
              shape: [hidden, dimension],
              values: rng.fork("hidden/weight").normals(hidden * dimension, dimension ** -0.5),
            },
          ],
          ["hidden/bias", { shape: [hidden], values: new Float32Array(hidden) }],
        ],
  );
  return {
    variables,
    featureDimension: dimension,
    hiddenDimension: hidden === 0 ? dimension : hidden,
    encode: (features) =>
      tf.tidy(() => {
        const scaled = tf.div<tf.Tensor2D>(tf.sub(features, tf.tensor1d(Float32Array.from(mean))), spread);
        if (hidden === 0) return scaled;
        const weight = variables.get("hidden/weight") as tf.Tensor2D;
        return gelu(linear(scaled, weight, variables.get("hidden/bias") as tf.Tensor1D)) as tf.Tensor2D;
      }),
  };
}
