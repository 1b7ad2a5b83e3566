import type { CreateGenerator } from "@haps/parameter-router";
import type { Candidate, Dimension, LoraTarget } from "@haps/spec";
import { type Backbone, createVariables, linear, logSoftmax, type Rng } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/** A head as small as one can be: `softmax(W h - β)`, so that tests of the heads need no other package. */
export const createLinearGenerator: CreateGenerator = ({ settings, hiddenDimension, rng }) => {
  const shape = [settings.length, hiddenDimension];
  const variables = createVariables([["weight", { shape, values: rng.normals(settings.length * hiddenDimension) }]]);
  return {
    variables,
    settings,
    generate(hidden, costWeights) {
      const [logProbs, value] = tf.tidy(() => {
        const scores = linear(hidden, variables.get("weight") as tf.Tensor2D);
        const logits = tf.sub(scores, tf.reshape(costWeights, [-1, 1]));
        const normalised = logSoftmax(logits) as tf.Tensor2D;
        return [normalised, tf.mean<tf.Tensor1D>(tf.sub(logits, normalised), 1)] as [tf.Tensor2D, tf.Tensor1D];
      });
      return { settings, logProbs, value };
    },
  };
};

/** `h = W x`. */
export function createLinearBackbone(featureDimension: number, hiddenDimension: number, rng: Rng): Backbone {
  const variables = createVariables([
    ["weight", { shape: [hiddenDimension, featureDimension], values: rng.normals(hiddenDimension * featureDimension) }],
  ]);
  return {
    variables,
    featureDimension,
    hiddenDimension,
    encode: (features) => linear(features, variables.get("weight") as tf.Tensor2D) as tf.Tensor2D,
  };
}

export const PROMPT: Dimension = { kind: "categorical", values: ["short", "long"] };
export const TEMPERATURE: Dimension = { kind: "ordinal", values: [0, 0.5, 1] };
export const TARGET: LoraTarget = { layer: 0, projection: "o", in: 3, out: 5, rank: 2 };

/** A candidate in which prompt and temperature vary. */
export function varying(id: string): Candidate {
  return { id, weights: "closed", parameters: { settings: { prompt: PROMPT, temperature: TEMPERATURE } } };
}

/** A candidate in which nothing varies. */
export function fixed(id: string): Candidate {
  return { id, weights: "open", parameters: {} };
}
