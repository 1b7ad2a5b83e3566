import { createNgramBackbone, type NgramBackboneConfig } from "@haps/features";
import { type BackboneReader, createRng, readVariables } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const make = (config: NgramBackboneConfig = {}, seed = 1) =>
  createNgramBackbone(3, createRng(seed).fork("backbone"), { hidden: 4, ...config });
const INPUT = [
  [0.1, -0.4, 0.3],
  [0, 0, 0],
];

/** `[RMSNorm(GELU(Wx + b)) / sqrt(h) ; x]` in float64, GELU with the tanh form. */
function oracle(weight: Float32Array, bias: Float32Array, x: readonly number[], epsilon: number): number[] {
  const hidden = Array.from(bias, (offset, unit) => {
    const sum = x.reduce((total, value, index) => total + value * (weight[unit * x.length + index] as number), offset);
    return 0.5 * sum * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (sum + 0.044715 * sum ** 3)));
  });
  const meanSquare = hidden.reduce((sum, value) => sum + value * value, 0) / hidden.length;
  const scale = 1 / Math.sqrt(meanSquare + epsilon) / Math.sqrt(hidden.length);
  return [...hidden.map((value) => value * scale), ...x];
}

describeEachBackend("createNgramBackbone", () => {
  it("computes its formula", () => {
    const backbone = make();
    const arrays = readVariables(backbone.variables);
    const weight = arrays.get("hidden/weight")?.values as Float32Array;
    const bias = arrays.get("hidden/bias")?.values as Float32Array;
    const hidden = backbone.encode(tf.tensor2d(INPUT));
    expect(hidden.shape).toEqual([2, backbone.hiddenDimension]);
    expectClose(
      hidden,
      INPUT.flatMap((x) => oracle(weight, bias, x, 0.01)),
      { rtol: 1e-5, atol: 1e-6 },
    );
    backbone.variables.dispose();
  });

  it("has correct gradients for its features and its variables", () => {
    const backbone = make({ weightScale: 1 });
    checkGradient((x) => backbone.encode(x as tf.Tensor2D), [tf.tensor2d(INPUT)]);
    const weight = backbone.variables.get("hidden/weight");
    const { grads } = tf.variableGrads(() => tf.sum<tf.Scalar>(tf.square(backbone.encode(tf.tensor2d(INPUT)))));
    expect(Object.keys(grads)).toContain(weight.name);
    backbone.variables.dispose();
  });

  it("passes features through where it has no hidden layer, and drops them without skip", () => {
    const linear = make({ hidden: 0 });
    expect(linear.variables.size).toBe(0);
    expectClose(linear.encode(tf.tensor2d(INPUT)), INPUT.flat(), { rtol: 1e-6 });
    const narrow = make({ skip: false });
    expect(narrow.encode(tf.tensor2d(INPUT)).shape).toEqual([2, 4]);
  });

  it("gives the same bits for the same stream and others for another", () => {
    const values = (seed: number): number[] => [...make({}, seed).encode(tf.tensor2d(INPUT)).dataSync()];
    expect(values(1)).toEqual(values(1));
    expect(values(1)).not.toEqual(values(2));
  });

  it("leaves nothing allocated but its result, and nothing after disposal", () => {
    const before = tf.memory().numTensors;
    const backbone = make();
    const x = tf.tensor2d(INPUT);
    expectNoTensorLeak(() => backbone.encode(x));
    x.dispose();
    backbone.variables.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(() => backbone.encode(tf.tensor2d(INPUT))).toThrow(expect.objectContaining({ code: "disposed" }));
  });

  it("accepts an empty batch", () => {
    expect(make().encode(tf.zeros([0, 3])).shape).toEqual([0, 7]);
  });

  it("refuses features of another length and bad configurations", () => {
    expect(() => make().encode(tf.zeros([2, 4]))).toThrow(expect.objectContaining({ code: "shape" }));
    expect(() => make({ hidden: 0, skip: false })).toThrow(expect.objectContaining({ code: "config" }));
    expect(() => createNgramBackbone(0, createRng(1))).toThrow(expect.objectContaining({ code: "config" }));
  });
});

describeEachBackend("NgramBackbone.reader", () => {
  const rng = createRng(6);
  const rows = [...INPUT, [...rng.normals(3)], [...rng.normals(3, 20)]];

  it.each<[string, NgramBackboneConfig]>([
    ["with skip", {}],
    ["without skip", { skip: false }],
    ["without a hidden layer", { hidden: 0 }],
    ["with another norm", { normEpsilon: 1e-6, weightScale: 10, biasScale: 2 }],
  ])("gives what encode gives, row by row: %s", (_case, config) => {
    const backbone = make(config);
    const read = backbone.reader?.() as BackboneReader;
    expectClose(
      rows.flatMap((row) => [...read(row)]),
      backbone.encode(tf.tensor2d(rows)),
      { rtol: 1e-5, atol: 1e-6 },
    );
    backbone.variables.dispose();
  });

  it("computes its formula in double precision, and leaves its input alone", () => {
    const backbone = make();
    const read = backbone.reader?.() as BackboneReader;
    const arrays = readVariables(backbone.variables);
    const weight = arrays.get("hidden/weight")?.values as Float32Array;
    const bias = arrays.get("hidden/bias")?.values as Float32Array;
    for (const row of rows) {
      const input = Object.freeze([...row]);
      const hidden = read(input);
      expect(hidden).toHaveLength(backbone.hiddenDimension);
      expectClose(hidden, oracle(weight, bias, row, 0.01), { rtol: 1e-12, atol: 1e-14 });
    }
    backbone.variables.dispose();
  });

  it("gives a new array each time, which its caller may change", () => {
    for (const config of [{}, { hidden: 0 }]) {
      const backbone = make(config);
      const read = backbone.reader?.() as BackboneReader;
      const input = Float64Array.from(rows[0] as number[]);
      const before = [...read(input)];
      read(input).fill(7);
      expect([...read(input)]).toEqual(before);
      expect([...input]).toEqual(rows[0]);
      backbone.variables.dispose();
    }
  });

  it("keeps the weights of the moment it was made, also after disposal, and makes no tensor", () => {
    const backbone = make();
    const before = tf.memory().numTensors;
    const read = backbone.reader?.() as BackboneReader;
    const first = [...read(rows[0] as number[])];
    expect(tf.memory().numTensors).toBe(before);
    tf.tidy(() => backbone.variables.get("hidden/weight").assign(tf.zeros([4, 3])));
    expect([...read(rows[0] as number[])]).toEqual(first);
    const later = backbone.reader?.() as BackboneReader;
    expect([...later(rows[0] as number[])]).not.toEqual(first);
    backbone.variables.dispose();
    expect([...read(rows[0] as number[])]).toEqual(first);
    expect(() => backbone.reader?.()).toThrow(expect.objectContaining({ code: "disposed" }));
  });

  it("refuses features of another length", () => {
    const backbone = make();
    expect(() => backbone.reader?.()([1, 2])).toThrow(expect.objectContaining({ code: "shape" }));
    backbone.variables.dispose();
  });
});
