import { type Backbone, createVariables, joinVariables, linear, type NamedVariables } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/** A backbone with one linear head that starts at 0. */
export interface ArmNetwork {
  readonly variables: NamedVariables;
  /** `[batch, featureDimension]` to `[batch, outputs]`; the caller owns the result. */
  forward(features: tf.Tensor2D): tf.Tensor2D;
}

/** Puts a head on a backbone; disposing `variables` disposes both. */
export function createArmNetwork(backbone: Backbone, outputs: number): ArmNetwork {
  const head = createVariables([
    [
      "weight",
      { shape: [outputs, backbone.hiddenDimension], values: new Float32Array(outputs * backbone.hiddenDimension) },
    ],
    ["bias", { shape: [outputs], values: new Float32Array(outputs) }],
  ]);
  return {
    variables: joinVariables({ backbone: backbone.variables, head }),
    forward: (features) =>
      tf.tidy(() => {
        const hidden = backbone.encode(features);
        return linear(hidden, head.get("weight") as tf.Tensor2D, head.get("bias") as tf.Tensor1D) as tf.Tensor2D;
      }),
  };
}
