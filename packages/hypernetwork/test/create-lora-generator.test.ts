import {
  createLoraGenerator,
  type LoraGeneratorOptions,
  lastLayerTargets,
  loraGeneratorSize,
  publishedLoraGenerator,
} from "@haps/hypernetwork";
import type { LoraTarget } from "@haps/spec";
import { createRng, loraWeightsOf, readVariables, surrogateLoss, tidyValue } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

const SQUARE = lastLayerTargets({ layers: 5, count: 2, in: 4, out: 4, rank: 2 });
const MIXED: readonly LoraTarget[] = [
  { layer: 0, projection: "down", in: 6, out: 4, rank: 3 },
  { layer: 1, projection: "v", in: 4, out: 2, rank: 1 },
];
const HIDDEN_DIMENSION = 3;
const HIDDEN = [
  [0.5, -1, 0.25],
  [1.5, 0.75, -0.5],
];

const make = (changed: Partial<LoraGeneratorOptions> = {}) =>
  createLoraGenerator({
    hiddenDimension: HIDDEN_DIMENSION,
    trunkWidth: 8,
    space: { targets: SQUARE, scale: 0.01 },
    rng: createRng(3),
    ...changed,
  });

const perTarget = (changed: Partial<LoraGeneratorOptions> = {}) =>
  make({ space: { targets: MIXED, scale: 0.5 }, sharing: "perTarget", ...changed });

describeEachBackend("createLoraGenerator", () => {
  it("gives every target the same factors, as tensors that are disposed one by one", () => {
    const generator = make();
    const hidden = tf.tensor2d(HIDDEN);
    const { targets, scale } = generator.generate(hidden);
    expect(scale).toBe(0.01);
    expect(targets.map(({ target }) => target)).toEqual(SQUARE);
    const [first, second] = targets as [(typeof targets)[number], (typeof targets)[number]];
    const up = [...first.up.dataSync()];
    expect([...second.down.dataSync()]).toEqual([...first.down.dataSync()]);
    tf.dispose([first.up, first.down]);
    expect([...second.up.dataSync()]).toEqual(up);
    tf.dispose([second.up, second.down, hidden]);
    generator.variables.dispose();
  });

  it("gives a row the same factors alone and among others", () => {
    const generator = perTarget();
    tidyValue(() => {
      const together = generator.generate(tf.tensor2d(HIDDEN));
      HIDDEN.forEach((row, index) => {
        const alone = loraWeightsOf(generator.generate(tf.tensor2d([row])), 0, "row");
        const among = loraWeightsOf(together, index, "row");
        alone.targets.forEach(({ up, down }, target) => {
          expectClose(up, among.targets[target]?.up ?? []);
          expectClose(down, among.targets[target]?.down ?? []);
        });
      });
    });
    generator.variables.dispose();
  });

  it("starts with an update that is 0 for zeroUp, though its second factor is not, and one that is not for xavier", () => {
    for (const sharing of ["sameForAllTargets", "perTarget"] as const) {
      const [zero, xavier] = (["zeroUp", "xavier"] as const).map((headInit) => make({ headInit, sharing }));
      tidyValue(() => {
        for (const { up, down } of zero?.generate(tf.tensor2d(HIDDEN)).targets ?? []) {
          expect(up.dataSync().every((value) => value === 0)).toBe(true);
          expect(down.dataSync().some((value) => value !== 0)).toBe(true);
        }
        for (const { up } of xavier?.generate(tf.tensor2d(HIDDEN)).targets ?? []) {
          expect(up.dataSync().some((value) => value !== 0)).toBe(true);
        }
      });
      zero?.variables.dispose();
      xavier?.variables.dispose();
    }
  });

  it("passes gradients on to the hidden states", () => {
    const generator = perTarget({ trunkLayers: 1 });
    tidyValue(() => {
      for (const index of [0, 1]) {
        const product = (hidden: tf.Tensor): tf.Tensor => {
          const { up, down } = generator.generate(hidden as tf.Tensor2D).targets[index] as {
            up: tf.Tensor;
            down: tf.Tensor;
          };
          return tf.matMul(up, down);
        };
        checkGradient(product, [tf.tensor2d(HIDDEN)]);
      }
    });
    generator.variables.dispose();
  });

  it("learns an update through the surrogate of a two-stage gradient", () => {
    // Minimises ½ |scale up down - goal|², differentiated by hand as an engine would.
    const target: LoraTarget = { layer: 0, projection: "o", in: 2, out: 3, rank: 2 };
    const goal = [0.3, -0.2, 0.1, 0.4, -0.5, 0.2];
    const generator = make({ space: { targets: [target], scale: 0.5 } });
    const optimizer = tf.train.sgd(0.2);
    const hidden = tf.tensor2d([[1, 0.5, -0.5]]);
    const gap = (): { readonly loss: number; readonly slopes: ReturnType<typeof loraWeightsOf> } =>
      tidyValue(() => {
        const tensors = generator.generate(hidden);
        const weights = loraWeightsOf(tensors, 0, "now");
        const { up, down } = tensors.targets[0] as (typeof tensors.targets)[number];
        const rest = tf.sub(tf.mul(tf.matMul(up, down), 0.5), tf.tensor3d(goal, [1, 3, 2]));
        const slope = (value: tf.Tensor): Float32Array => Float32Array.from(tf.mul(value, 0.5).dataSync());
        const factors = {
          target,
          up: slope(tf.matMul(rest, down, false, true)),
          down: slope(tf.matMul(up, rest, true, false)),
        };
        const loss = (tf.sum(tf.square(rest)).dataSync()[0] as number) / 2;
        return { loss, slopes: { ...weights, targets: [factors] } };
      });
    const before = gap().loss;
    for (let step = 0; step < 60; step += 1) {
      const { slopes } = gap();
      const list = [...generator.variables].map(([, variable]) => variable);
      optimizer.minimize(() => surrogateLoss(generator.generate(hidden), [slopes]), false, list);
    }
    expect(before).toBeGreaterThan(0.05);
    expect(gap().loss).toBeLessThan(1e-3 * before);
    optimizer.dispose();
    hidden.dispose();
    generator.variables.dispose();
  });

  it("leaves nothing allocated", () => {
    const before = tf.memory().numTensors;
    for (const generator of [make(), perTarget()]) {
      const hidden = tf.tensor2d(HIDDEN);
      const factors = () => generator.generate(hidden).targets.flatMap(({ up, down }) => [up, down]);
      expectNoTensorLeak(factors);
      expectNoTensorLeak(() => {
        const loss = (): tf.Scalar => tf.addN<tf.Scalar>(factors().map((factor) => tf.sum(tf.square(factor))));
        const { value, grads } = tf.variableGrads(
          loss,
          [...generator.variables].map(([, variable]) => variable),
        );
        return [value, ...Object.values(grads)];
      });
      hidden.dispose();
      generator.variables.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses hidden states of another width", () => {
    const generator = make();
    tidyValue(() => {
      const shape = expect.objectContaining({ code: "shape" }) as Error;
      expect(() => generator.generate(tf.zeros([2, HIDDEN_DIMENSION + 1]))).toThrow(shape);
    });
    generator.variables.dispose();
  });
});

describe("start of a LoRA generator", () => {
  it("is Xavier-uniform for every kernel and 0 for every bias", () => {
    const generator = createLoraGenerator({
      ...publishedLoraGenerator({ layers: 1, in: 24, out: 40 }),
      hiddenDimension: 64,
      rng: createRng(1),
    });
    const arrays = readVariables(generator.variables);
    generator.variables.dispose();
    expect([...arrays].map(([name, { shape }]) => `${name} ${shape.join("x")}`)).toEqual([
      "trunk/0/kernel 64x256",
      "trunk/0/bias 256",
      "trunk/1/kernel 256x256",
      "trunk/1/bias 256",
      "heads/up/kernel 256x320",
      "heads/up/bias 320",
      "heads/down/kernel 256x192",
      "heads/down/bias 192",
    ]);
    for (const [name, { shape, values }] of arrays) {
      if (name.endsWith("/bias")) {
        expect(values.every((value) => value === 0)).toBe(true);
        continue;
      }
      const [inputs = 0, outputs = 0] = shape;
      const bound = Math.sqrt(6 / (inputs + outputs));
      const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      expect(largest).toBeLessThanOrEqual(Math.fround(bound));
      expect(largest).toBeGreaterThan(0.999 * bound);
      // Five standard errors: of the mean of a uniform variable, and of its variance, whose fourth moment is bound⁴ / 5.
      expect(Math.abs(mean)).toBeLessThan((5 * bound) / Math.sqrt(3 * values.length));
      const error = bound ** 2 * Math.sqrt(4 / 45 / values.length);
      expect(Math.abs(variance - bound ** 2 / 3)).toBeLessThan(5 * error);
    }
  });

  it("depends on the stream alone, and differs between variables", () => {
    const bits = (seed: number) => {
      const generator = make({ rng: createRng(seed) });
      const values = [...readVariables(generator.variables).values()].map((array) => array.values);
      generator.variables.dispose();
      return values;
    };
    expect(bits(1)).toEqual(bits(1));
    const [one, other] = [bits(1), bits(2)];
    expect(one[0]).not.toEqual(other[0]);
    expect(one[4]).not.toEqual(one[6]); // Both heads have the same shape here.
  });

  it.each<[string, string, Partial<LoraGeneratorOptions>]>([
    ["no targets", "space.targets", { space: { targets: [], scale: 1 } }],
    ["a target twice", "layer 4 o is given twice", { space: { targets: [...SQUARE, ...SQUARE.slice(1)], scale: 1 } }],
    ["shared factors for unlike shapes", 'use sharing "perTarget"', { space: { targets: MIXED, scale: 1 } }],
    [
      "shared factors for unlike ranks",
      "rank 3",
      { space: { targets: [SQUARE[0], { ...SQUARE[1], rank: 3 }] as LoraTarget[], scale: 1 } },
    ],
    ["a scale that is no number", "space.scale", { space: { targets: SQUARE, scale: Number.NaN } }],
    [
      "a rank of 0",
      "space.targets.0.rank",
      { space: { targets: [{ ...SQUARE[0], rank: 0 } as LoraTarget], scale: 1 } },
    ],
    ["no trunk", "trunkLayers", { trunkLayers: 0 }],
    ["an unknown start", "headInit", { headInit: "zero" as "zeroUp" }],
    ["an unknown key", 'did you mean "trunkWidth"?', { trunkWidht: 4 } as Partial<LoraGeneratorOptions>],
  ])("refuses %s", (_case, text, changed) => {
    expect(() => make(changed)).toThrow(
      expect.objectContaining({ code: "config", message: expect.stringContaining(text) as unknown }),
    );
  });
});

describe("publishedLoraGenerator", () => {
  it("is the published hypernetwork", () => {
    expect(publishedLoraGenerator({ layers: 32, in: 4096, out: 4096 })).toEqual({
      space: { targets: [{ layer: 31, projection: "o", in: 4096, out: 4096, rank: 8 }], scale: 0.01 },
      trunkLayers: 2,
      trunkWidth: 256,
      headInit: "xavier",
      sharing: "sameForAllTargets",
    });
    const { targets } = publishedLoraGenerator({ layers: 28, count: 3, in: 8, out: 4 }).space;
    expect(targets.map(({ layer }) => layer)).toEqual([25, 26, 27]);
  });

  it.each([
    ["Llama-3.1-8B and Mistral-7B", 4096, 16_842_752, 17_433_088],
    ["Qwen2.5-7B", 3584, 14_737_408, 15_327_744],
  ])("has as many parameters as the released generator for %s", (_model, width, heads, total) => {
    const preset = publishedLoraGenerator({ layers: 28, count: 4, in: width, out: width });
    expect(loraGeneratorSize({ ...preset, hiddenDimension: 2048 })).toEqual({ trunk: 590_336, heads, total });
  });

  it("counts what it makes", () => {
    const config = {
      hiddenDimension: 3,
      trunkWidth: 8,
      space: { targets: MIXED, scale: 1 },
      sharing: "perTarget",
    } as const;
    const generator = perTarget();
    const numbers = [...readVariables(generator.variables).values()].reduce(
      (sum, { values }) => sum + values.length,
      0,
    );
    generator.variables.dispose();
    expect(loraGeneratorSize(config).total).toBe(numbers);
  });
});

describe("lastLayerTargets", () => {
  it("lists the last layers in order, every projection of each", () => {
    const options = { layers: 3, count: 2, projections: ["gate", "up"], in: 4, out: 8, rank: 2 } as const;
    expect(lastLayerTargets(options).map(({ layer, projection }) => `${layer} ${projection}`)).toEqual([
      "1 gate",
      "1 up",
      "2 gate",
      "2 up",
    ]);
    expect(lastLayerTargets({ layers: 3, in: 4, out: 8, rank: 2 })).toEqual([
      { layer: 2, projection: "o", in: 4, out: 8, rank: 2 },
    ]);
  });

  it.each([0, 4, 1.5, Number.NaN])("refuses %d of 3 layers", (count) => {
    expect(() => lastLayerTargets({ layers: 3, count, in: 4, out: 4, rank: 1 })).toThrow(
      expect.objectContaining({ code: "config", message: expect.stringContaining(`${count} of 3 layers`) as unknown }),
    );
  });
});
