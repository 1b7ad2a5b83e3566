import { createSettingsGenerator } from "@haps/hypernetwork";
import {
  createRng,
  type NamedArray,
  type ParameterGenerator,
  type ParameterReader,
  readVariables,
  tidyValue,
  writeVariables,
} from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const TEMPERATURES = [0, 0.5, 1] as const;
const HIDDEN = [
  [0.5, -1, 0.25, 2],
  [0, 0, 0, 0],
  [-0.7, 0.1, 1.3, -0.4],
];
const COST_WEIGHTS = [0, 0.5, 2];

/** Numbers in every variable, biases too. */
function make(): ParameterGenerator {
  const generator = createSettingsGenerator({
    dimensions: { temperature: { kind: "ordinal", values: TEMPERATURES } },
    settings: TEMPERATURES.map((temperature) => ({ temperature })),
    hiddenDimension: 4,
    interactionScale: 0.5,
    rng: createRng(1),
  });
  const arrays = new Map<string, NamedArray>();
  for (const [name, { shape, values }] of readVariables(generator.variables)) {
    arrays.set(name, { shape, values: createRng(2).fork(name).normals(values.length, 0.6) });
  }
  writeVariables(generator.variables, arrays);
  return generator;
}

/** P1 and P2 of the rank on [-1, 1], then 0.5 for the setting itself. */
const BASIS = [
  [-1, 1, 0.5, 0, 0],
  [0, -0.5, 0, 0.5, 0],
  [1, 1, 0, 0, 0.5],
];

/** `Φ (u(h) - β v(h))` in float64. */
function byFormula(arrays: ReadonlyMap<string, NamedArray>, hidden: readonly number[], costWeight: number): number[] {
  const number = (name: string, at: number): number => arrays.get(name)?.values[at] as number;
  const affine = (part: string, column: number): number =>
    hidden.reduce(
      (sum, value, index) => sum + value * number(`${part}/weight`, column * hidden.length + index),
      number(`${part}/bias`, column),
    );
  return BASIS.map((row) =>
    row.reduce(
      (sum, value, column) => sum + value * (affine("quality", column) - costWeight * affine("cost", column)),
      0,
    ),
  );
}

const readAll = (read: ParameterReader): number[] =>
  HIDDEN.flatMap((row, index) => [...read(row, COST_WEIGHTS[index] as number)]);
const readerOf = (generator: ParameterGenerator): ParameterReader => generator.reader?.() as ParameterReader;

describeEachBackend("ParameterGenerator.reader", () => {
  it("gives the logits of generate, whatever the cost weight", () => {
    const generator = make();
    tidyValue(() => {
      const { logProbs, value } = generator.generate(tf.tensor2d(HIDDEN), tf.tensor1d(COST_WEIGHTS));
      const logits = tf.add(logProbs, tf.reshape(value, [-1, 1]));
      expectClose(readAll(readerOf(generator)), logits, { rtol: 1e-5, atol: 2e-6 });
    });
    generator.variables.dispose();
  });

  it("computes its formula in double precision", () => {
    const generator = make();
    const arrays = readVariables(generator.variables);
    const expected = HIDDEN.flatMap((row, index) => byFormula(arrays, row, COST_WEIGHTS[index] as number));
    expectClose(readAll(readerOf(generator)), expected, { rtol: 1e-12, atol: 1e-12 });
    generator.variables.dispose();
  });

  it("keeps the weights of the moment it was made, and makes no tensor", () => {
    const generator = make();
    const before = tf.memory().numTensors;
    const read = readerOf(generator);
    const first = readAll(read);
    expect(tf.memory().numTensors).toBe(before);
    for (const [, variable] of generator.variables) tf.tidy(() => variable.assign(tf.zerosLike(variable)));
    expect(readAll(read)).toEqual(first);
    expect(readAll(readerOf(generator))).toEqual(new Array<number>(9).fill(0));
    generator.variables.dispose();
    expect(readAll(read)).toEqual(first);
    expect(() => generator.reader?.()).toThrow(expect.objectContaining({ code: "disposed" }));
  });

  it("refuses a hidden state of another length", () => {
    const generator = make();
    expect(() => readerOf(generator)([1], 0)).toThrow(expect.objectContaining({ code: "shape" }));
    generator.variables.dispose();
  });
});
