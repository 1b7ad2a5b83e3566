import { ConfigError, type Dimension, parseConfig, type Settings } from "@haps/spec";
import {
  affineReader,
  assertShape,
  createVariables,
  linear,
  logSoftmax,
  type NamedArray,
  type NamedVariables,
  type ParameterGenerator,
  type ParameterReader,
  type Rng,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { type SettingsGeneratorConfig, settingsGeneratorSchema } from "./config.ts";
import { type SettingsBasis, settingsBasis } from "./settings-basis.ts";

/** What {@link createSettingsGenerator} needs. */
export interface SettingsGeneratorOptions extends SettingsGeneratorConfig {
  /** What varies, by name. */
  readonly dimensions: Readonly<Record<string, Dimension>>;
  /** The settings to distribute over, at least one, each with a known value of every dimension. */
  readonly settings: readonly Settings[];
  /** Source of initial weights. */
  readonly rng: Rng;
}

/**
 * Makes the head of one candidate: hidden states to a distribution over its settings.
 *
 * `logits = Φ u(h) - β Φ v(h)`, `u` and `v` affine, Φ the fixed basis of the settings; β is the cost weight. Settings that
 * share a value share its coefficients, and neighbours on an ordinal dimension get similar logits.
 *
 * @returns A generator whose variables the caller owns.
 * @throws ConfigError for a wrong field or no settings; HapsError code `data` for a setting outside the dimensions.
 *
 * Source: w_k = s_k(p; φ_k), Eq. 3 of the HAPS paper, for settings; the paper generates LoRA weights only.
 *
 * @example
 * ```ts
 * const generator = createSettingsGenerator({
 *   dimensions: { temperature: { kind: "ordinal", values: [0, 0.5, 1] } },
 *   settings: [{ temperature: 0 }, { temperature: 0.5 }, { temperature: 1 }],
 *   hiddenDimension: 4,
 *   rng: createRng(1),
 * });
 * const shape = tidyValue(() => generator.generate(tf.ones([2, 4]), tf.zeros([2])).logProbs.shape);
 * console.assert(shape.join() === "2,3");
 * generator.variables.dispose();
 * ```
 */
export function createSettingsGenerator(options: SettingsGeneratorOptions): ParameterGenerator {
  const operation = "createSettingsGenerator";
  const { dimensions, settings, rng, ...config } = options;
  const resolved = parseConfig(operation, settingsGeneratorSchema, config);
  if (settings.length === 0) {
    const message = "there are none; expected at least one; a candidate with nothing to vary needs no generator";
    throw new ConfigError(operation, [{ path: "settings", message }]);
  }
  const basis = settingsBasis({ dimensions, settings, ...resolved });
  const columns = basis.columns.length;
  const variables = createVariables(initials(columns, resolved.hiddenDimension, resolved.initialScale, rng));
  return {
    variables,
    settings,
    generate(hidden, costWeights) {
      assertShape("ParameterGenerator.generate", "hidden", hidden, [null, resolved.hiddenDimension]);
      assertShape("ParameterGenerator.generate", "costWeights", costWeights, [hidden.shape[0]]);
      const [logProbs, value] = tf.tidy(() => distribute(variables, basis, settings.length, hidden, costWeights));
      return { settings, logProbs, value };
    },
    reader: () => settingsReader(variables, basis, settings.length),
  };
}

function initials(
  columns: number,
  hiddenDimension: number,
  scale: number,
  rng: Rng,
): (readonly [string, NamedArray])[] {
  return ["quality", "cost"].flatMap((part) => {
    const values = rng.fork(`${part}/weight`).normals(columns * hiddenDimension, scale);
    return [
      [`${part}/weight`, { shape: [columns, hiddenDimension], values }] as const,
      [`${part}/bias`, { shape: [columns], values: new Float32Array(columns) }] as const,
    ];
  });
}

function settingsReader(variables: NamedVariables, basis: SettingsBasis, settings: number): ParameterReader {
  const quality = affineReader(variables, "quality/weight", "quality/bias");
  const cost = affineReader(variables, "cost/weight", "cost/bias");
  const columns = basis.columns.length;
  return (hidden, costWeight) => {
    const coefficients = quality(hidden);
    if (costWeight !== 0) {
      cost(hidden).forEach((value, column) => {
        coefficients[column] = (coefficients[column] as number) - costWeight * value;
      });
    }
    return Float64Array.from({ length: settings }, (_, setting) => {
      let logit = 0;
      for (let column = 0; column < columns; column += 1) {
        logit += (basis.values[setting * columns + column] as number) * (coefficients[column] as number);
      }
      return logit;
    });
  };
}

/** Log-probabilities `[batch, settings]` and the log-sum-exp of the logits `[batch]`. */
function distribute(
  variables: NamedVariables,
  basis: SettingsBasis,
  settings: number,
  hidden: tf.Tensor2D,
  costWeights: tf.Tensor1D,
): [tf.Tensor2D, tf.Tensor1D] {
  const affine = (part: string): tf.Tensor =>
    linear(hidden, variables.get(`${part}/weight`) as tf.Tensor2D, variables.get(`${part}/bias`) as tf.Tensor1D);
  const coefficients = tf.sub(affine("quality"), tf.mul(affine("cost"), tf.reshape(costWeights, [-1, 1])));
  const matrix = tf.tensor2d(basis.values, [settings, basis.columns.length]);
  const logits = linear(coefficients, matrix); // [batch, settings]
  const logProbs = logSoftmax(logits);
  return [logProbs as tf.Tensor2D, tf.mean(tf.sub(logits, logProbs), 1)];
}
