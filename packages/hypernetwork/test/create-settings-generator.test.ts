import { createSettingsGenerator, type SettingsGeneratorOptions } from "@haps/hypernetwork";
import type { Dimension, Settings } from "@haps/spec";
import {
  createRng,
  type NamedArray,
  type ParameterGenerator,
  readVariables,
  tidyValue,
  writeVariables,
} from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const HIDDEN_DIMENSION = 4;
const PROMPTS = ["short", "long"] as const;
const TEMPERATURES = [0, 0.5, 1] as const;
const DIMENSIONS: Readonly<Record<string, Dimension>> = {
  prompt: { kind: "categorical", values: PROMPTS },
  temperature: { kind: "ordinal", values: TEMPERATURES },
};
const SETTINGS: readonly Settings[] = PROMPTS.flatMap((prompt) =>
  TEMPERATURES.map((temperature) => ({ prompt, temperature })),
);
const HIDDEN = [
  [0.5, -1, 0.25, 2],
  [0, 0, 0, 0],
  [-0.7, 0.1, 1.3, -0.4],
];
const COST_WEIGHTS = [0, 0.5, 2];

function make(changed: Partial<SettingsGeneratorOptions> = {}): ParameterGenerator {
  return createSettingsGenerator({
    dimensions: DIMENSIONS,
    settings: SETTINGS,
    hiddenDimension: HIDDEN_DIMENSION,
    rng: createRng(1),
    ...changed,
  });
}

/** Numbers in every variable, biases too. */
function randomise(generator: ParameterGenerator): ParameterGenerator {
  const arrays = new Map<string, NamedArray>();
  for (const [name, { shape, values }] of readVariables(generator.variables)) {
    arrays.set(name, { shape, values: createRng(2).fork(name).normals(values.length, 0.6) });
  }
  writeVariables(generator.variables, arrays);
  return generator;
}

type Weights = ReadonlyMap<string, { readonly values: ArrayLike<number> }>;

/** Basis of {@link SETTINGS} by hand: prompt indicators, P1 and P2 of the rank on [-1, 1], 0.3 for the setting itself. */
const BASIS = SETTINGS.map(({ prompt, temperature }, index) => {
  const x = 2 * (temperature as number) - 1;
  const own = SETTINGS.map((_, at) => (at === index ? 0.3 : 0));
  return [prompt === "short" ? 1 : 0, prompt === "long" ? 1 : 0, x, (3 * x * x - 1) / 2, ...own];
});

/** `Φ u(h) - β Φ v(h)` in float64. */
function logitsByFormula(weights: Weights, hidden: readonly number[], costWeight: number): number[] {
  const affine = (part: string, column: number): number =>
    hidden.reduce(
      (sum, value, index) =>
        sum + value * (weights.get(`${part}/weight`)?.values[column * hidden.length + index] as number),
      weights.get(`${part}/bias`)?.values[column] as number,
    );
  return BASIS.map((row) =>
    row.reduce(
      (sum, value, column) => sum + value * (affine("quality", column) - costWeight * affine("cost", column)),
      0,
    ),
  );
}

function logSumExp(values: readonly number[]): number {
  const highest = Math.max(...values);
  return highest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - highest), 0));
}

describeEachBackend("createSettingsGenerator", () => {
  it("computes its formula, and its value is the log-sum-exp of the logits", () => {
    const generator = randomise(make());
    const weights = readVariables(generator.variables);
    const logits = HIDDEN.map((row, index) => logitsByFormula(weights, row, COST_WEIGHTS[index] as number));
    tidyValue(() => {
      const { logProbs, value, settings } = generator.generate(tf.tensor2d(HIDDEN), tf.tensor1d(COST_WEIGHTS));
      expect(settings).toBe(SETTINGS);
      expect(logProbs.shape).toEqual([3, 6]);
      expect(value.shape).toEqual([3]);
      expectClose(value, logits.map(logSumExp), { atol: 1e-5 });
      expectClose(
        logProbs,
        logits.flatMap((row) => row.map((logit) => logit - logSumExp(row))),
        { atol: 1e-5 },
      );
      expectClose(tf.sum(tf.exp(logProbs), 1), [1, 1, 1], { atol: 1e-5 });
    });
    generator.variables.dispose();
  });

  it("has correct gradients for hidden states and cost weights, of probabilities and of the value", () => {
    const generator = randomise(make());
    tidyValue(() => {
      const inputs = [tf.tensor2d(HIDDEN), tf.tensor1d(COST_WEIGHTS)];
      const generate = (hidden: tf.Tensor, costWeights: tf.Tensor) =>
        generator.generate(hidden as tf.Tensor2D, costWeights as tf.Tensor1D);
      checkGradient((h, b) => generate(h, b).logProbs, inputs);
      checkGradient((h, b) => generate(h, b).value, inputs);
    });
    generator.variables.dispose();
  });

  it("has the formula's gradient for every variable", () => {
    const generator = randomise(make());
    const weights = readVariables(generator.variables);
    const wide = () => new Map([...weights].map(([name, { values }]) => [name, { values: Float64Array.from(values) }]));
    /** Log-probability of setting 4 plus the value is its logit; summed over rows. */
    const byFormula = (changed: Weights): number =>
      HIDDEN.reduce((sum, row, index) => {
        const logits = logitsByFormula(changed, row, COST_WEIGHTS[index] as number);
        return sum + (logits[4] as number);
      }, 0);
    tidyValue(() => {
      const { grads } = tf.variableGrads(() => {
        const { logProbs, value } = generator.generate(tf.tensor2d(HIDDEN), tf.tensor1d(COST_WEIGHTS));
        return tf.sum<tf.Scalar>(tf.add(tf.squeeze(tf.slice(logProbs, [0, 4], [3, 1]), [1]), value));
      });
      for (const [name, variable] of generator.variables) {
        (grads[variable.name] as tf.Tensor).dataSync().forEach((gradient, index) => {
          const [above = 0, below = 0] = [1e-4, -1e-4].map((step) => {
            const moved = wide();
            const { values } = moved.get(name) as { values: Float64Array };
            values[index] = (values[index] as number) + step;
            return byFormula(moved);
          });
          expectClose(gradient, (above - below) / 2e-4, { rtol: 1e-4, atol: 1e-4 });
        });
      }
    });
    generator.variables.dispose();
  });

  it("moves neighbours on an ordinal dimension along with a setting that gets better", () => {
    const values = Array.from({ length: 11 }, (_, index) => index / 10);
    const generator = make({
      dimensions: { temperature: { kind: "ordinal", values } },
      settings: values.map((temperature) => ({ temperature })),
      initialScale: 0,
    });
    const hidden = tf.tensor2d([[1, 0, 0, 0]]);
    const zero = tf.zeros<tf.Rank.R1>([1]);
    tidyValue(() => {
      const { grads } = tf.variableGrads(() =>
        tf.sum<tf.Scalar>(tf.slice(generator.generate(hidden, zero).logProbs, [0, 8], [1, 1])),
      );
      for (const [, variable] of generator.variables) {
        variable.assign(tf.add(variable, grads[variable.name] as tf.Tensor));
      }
      const [logProbs = []] = generator.generate(hidden, zero).logProbs.arraySync();
      const uniform = -Math.log(11);
      expect(logProbs.indexOf(Math.max(...logProbs))).toBe(8);
      for (const neighbour of [7, 9]) expect(logProbs[neighbour]).toBeGreaterThan(uniform);
      for (const distant of [0, 1, 2, 3]) expect(logProbs[distant]).toBeLessThan(logProbs[7] as number);
    });
    tf.dispose([hidden, zero]);
    generator.variables.dispose();
  });

  it("lets settings that share a value share evidence only through it", () => {
    const generator = make({ initialScale: 0, interactionScale: 0 });
    tidyValue(() => {
      const bias = generator.variables.get("quality/bias");
      bias.assign(tf.tensor1d([1, 0, 0, 0])); // the column prompt=short
      const [row = []] = generator.generate(tf.zeros([1, HIDDEN_DIMENSION]), tf.zeros([1])).logProbs.arraySync();
      expect(new Set(row.slice(0, 3)).size).toBe(1);
      expect(new Set(row.slice(3)).size).toBe(1);
      expect((row[0] as number) - (row[3] as number)).toBeCloseTo(1, 5);
    });
    generator.variables.dispose();
  });

  it("leaves nothing allocated", () => {
    const before = tf.memory().numTensors;
    const generator = make();
    const hidden = tf.tensor2d(HIDDEN);
    const costWeights = tf.tensor1d(COST_WEIGHTS);
    expectNoTensorLeak(() => {
      const { logProbs, value } = generator.generate(hidden, costWeights);
      return [logProbs, value];
    });
    expectNoTensorLeak(() => {
      const { value, grads } = tf.variableGrads(() =>
        tf.sum<tf.Scalar>(generator.generate(hidden, costWeights).logProbs),
      );
      return [value, ...Object.values(grads)];
    });
    tf.dispose([hidden, costWeights]);
    generator.variables.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("gives the same bits for the same stream and others for another", () => {
    const bits = (seed: number): number[] => {
      const generator = make({ rng: createRng(seed), initialScale: 1 });
      const { logProbs, value } = generator.generate(tf.tensor2d(HIDDEN), tf.tensor1d(COST_WEIGHTS));
      const result = [...logProbs.dataSync(), ...value.dataSync()];
      tf.dispose([logProbs, value]);
      generator.variables.dispose();
      return result;
    };
    expect(bits(1)).toEqual(bits(1));
    expect(bits(1)).not.toEqual(bits(2));
  });

  it("starts uniform at scale 0 and gives a single setting probability 1", () => {
    const uniform = make({ initialScale: 0 });
    tidyValue(() => {
      const { logProbs, value } = uniform.generate(tf.tensor2d(HIDDEN), tf.tensor1d(COST_WEIGHTS));
      expectClose(logProbs, new Array<number>(18).fill(-Math.log(6)), { atol: 1e-6 });
      expectClose(value, new Array<number>(3).fill(Math.log(6)), { atol: 1e-6 });
    });
    uniform.variables.dispose();
    const single = make({ settings: [{ prompt: "long", temperature: 1 }] });
    tidyValue(() => {
      const { logProbs } = single.generate(tf.tensor2d(HIDDEN), tf.tensor1d(COST_WEIGHTS));
      expectClose(logProbs, [0, 0, 0], { atol: 1e-6 });
    });
    single.variables.dispose();
  });

  it.each<[string, string, Partial<SettingsGeneratorOptions>]>([
    ["no settings", "settings: there are none", { settings: [] }],
    ["a hidden length of 0", "hiddenDimension", { hiddenDimension: 0 }],
    ["a degree of 9", "ordinalDegree", { ordinalDegree: 9 }],
    ["a negative scale", "interactionScale", { interactionScale: -1 }],
    ["an infinite scale", "initialScale", { initialScale: Number.POSITIVE_INFINITY }],
    ["an unknown key", 'did you mean "ordinalDegree"?', { ordinalDegre: 2 } as Partial<SettingsGeneratorOptions>],
  ])("refuses %s", (_case, text, changed) => {
    expect(() => make(changed)).toThrow(
      expect.objectContaining({ code: "config", message: expect.stringContaining(text) as unknown }),
    );
  });

  it("refuses settings outside the dimensions and tensors of another shape", () => {
    expect(() => make({ settings: [{ prompt: "long" }] })).toThrow(expect.objectContaining({ code: "data" }));
    const generator = make();
    const shape = expect.objectContaining({ code: "shape" }) as Error;
    tidyValue(() => {
      expect(() => generator.generate(tf.zeros([2, 3]), tf.zeros([2]))).toThrow(shape);
      expect(() => generator.generate(tf.zeros([2, HIDDEN_DIMENSION]), tf.zeros([3]))).toThrow(shape);
    });
    generator.variables.dispose();
  });
});
