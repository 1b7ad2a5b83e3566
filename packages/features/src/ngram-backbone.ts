import { HapsError, parseConfig } from "@haps/spec";
import {
  affineReader,
  assertShape,
  type Backbone,
  type BackboneReader,
  createVariables,
  gelu,
  linear,
  type NamedVariables,
  type Rng,
  rmsNorm,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { z } from "zod";

/** Schema of {@link NgramBackboneConfig}. */
export const ngramBackboneConfigSchema = z
  .strictObject({
    /** Width of the hidden layer; 0 leaves the features alone. Default 32: more fits noise on about a thousand questions. */
    hidden: z.int().min(0).max(4096).default(32),
    /** Whether the features stand beside the hidden layer, so that heads have a linear path. */
    skip: z.boolean().default(true),
    /** Standard deviation of the first weights. Default 3: n-gram features are short vectors, so the GELU bends only then. */
    weightScale: z.number().positive().default(3),
    /** Standard deviation of the first biases. */
    biasScale: z.number().nonnegative().default(0.1),
    /** Added to the mean square before its root is taken; large, since a nearly silent hidden layer should stay so. */
    normEpsilon: z.number().positive().default(0.01),
  })
  .refine((config) => config.skip || config.hidden > 0, {
    error: "0 without skip leaves no hidden state; give a width or turn skip on",
    path: ["hidden"],
  });

/** What a caller writes to shape the n-gram backbone. */
export interface NgramBackboneConfig extends z.input<typeof ngramBackboneConfigSchema> {}

/**
 * Makes the trainable encoder for n-gram features.
 *
 * `h = [ RMSNorm(GELU(W x + b)) / sqrt(hidden) ; x ]`: a hidden layer of length near 1 beside the features.
 *
 * @param featureDimension - Length of x, >= 1.
 * @param rng - Draws W (normal, `weightScale`) and b (normal, `biasScale`); the same stream gives the same bits.
 * @returns A backbone with variables `hidden/weight` `[hidden, featureDimension]` and `hidden/bias` `[hidden]` (none when
 *   `hidden` is 0) and `hiddenDimension = hidden + (skip ? featureDimension : 0)`. The caller disposes `variables`.
 * @throws ConfigError code `config`; `encode` throws ShapeError code `shape` for features of another length.
 *
 * Source: the norm is of Zhang and Sennrich, Root Mean Square Layer Normalization (2019), without a trained gain.
 *
 * @example
 * ```ts
 * const backbone = createNgramBackbone(3, createRng(1).fork("backbone"), { hidden: 4 });
 * const hidden = backbone.encode(tf.zeros([2, 3]));
 * console.assert(hidden.shape.join() === "2,7");
 * tf.dispose(hidden);
 * backbone.variables.dispose();
 * ```
 */
export function createNgramBackbone(featureDimension: number, rng: Rng, config: NgramBackboneConfig = {}): Backbone {
  const resolved = parseConfig("createNgramBackbone", ngramBackboneConfigSchema, config);
  if (!Number.isSafeInteger(featureDimension) || featureDimension < 1) {
    throw new HapsError(
      "config",
      `createNgramBackbone: featureDimension is ${featureDimension}; expected an integer >= 1; pass the featurizer's dimension`,
      { featureDimension },
    );
  }
  return new NgramBackbone(featureDimension, rng, resolved);
}

class NgramBackbone implements Backbone {
  readonly variables: NamedVariables;
  readonly featureDimension: number;
  readonly hiddenDimension: number;
  readonly #config: z.output<typeof ngramBackboneConfigSchema>;

  constructor(featureDimension: number, rng: Rng, config: z.output<typeof ngramBackboneConfigSchema>) {
    const { hidden } = config;
    this.#config = config;
    this.featureDimension = featureDimension;
    this.hiddenDimension = hidden + (config.skip ? featureDimension : 0);
    const weight = rng.fork("hidden/weight").normals(hidden * featureDimension, config.weightScale);
    const bias = rng.fork("hidden/bias").normals(hidden, config.biasScale);
    this.variables = createVariables(
      hidden === 0
        ? []
        : [
            ["hidden/weight", { shape: [hidden, featureDimension], values: weight }],
            ["hidden/bias", { shape: [hidden], values: bias }],
          ],
    );
  }

  reader(): BackboneReader {
    const { hidden, skip, normEpsilon } = this.#config;
    if (hidden === 0) return (features) => Float64Array.from(features);
    const affine = affineReader(this.variables, "hidden/weight", "hidden/bias");
    return (features) => {
      const bent = affine(features).map(geluOf);
      const square = bent.reduce((sum, value) => sum + value * value, 0) / hidden;
      const gain = 1 / Math.sqrt((square + normEpsilon) * hidden);
      const result = new Float64Array(this.hiddenDimension);
      bent.forEach((value, index) => {
        result[index] = value * gain;
      });
      if (skip) result.set(features, hidden);
      return result;
    };
  }

  encode(features: tf.Tensor2D): tf.Tensor2D {
    assertShape("NgramBackbone.encode", "features", features, [null, this.featureDimension]);
    const { hidden, skip, normEpsilon } = this.#config;
    return tf.tidy(() => {
      if (hidden === 0) return tf.clone(features);
      const weight = this.variables.get("hidden/weight") as tf.Tensor2D;
      const bias = this.variables.get("hidden/bias") as tf.Tensor1D;
      const bent = gelu(linear(features, weight, bias)); // [batch, hidden]
      const gain = tf.fill<tf.Rank.R1>([hidden], 1 / Math.sqrt(hidden));
      const normed = rmsNorm(bent, gain, { epsilon: normEpsilon }) as tf.Tensor2D;
      return skip ? tf.concat([normed, features], 1) : normed; // [batch, hidden (+ featureDimension)]
    });
  }
}

/** The tanh form of GELU, as `gelu` computes it. */
function geluOf(value: number): number {
  return 0.5 * value * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3)));
}
