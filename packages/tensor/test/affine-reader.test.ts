import { affineReader, createRng, createVariables, linear, type NamedVariables } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const rng = createRng(2);

function make(out: number, width: number): NamedVariables {
  return createVariables([
    ["weight", { shape: [out, width], values: rng.fork(`w/${out}/${width}`).normals(out * width) }],
    ["bias", { shape: [out], values: rng.fork(`b/${out}`).normals(out) }],
  ]);
}

describeEachBackend("affineReader", () => {
  it.each([
    [1, 1],
    [3, 2],
    [2, 5],
    [7, 8],
    [4, 33],
  ])("gives what linear gives, for %i outputs of %i inputs", (out, width) => {
    const variables = make(out, width);
    const rows = Array.from({ length: 4 }, (_, row) => [...rng.fork(`x/${row}`).normals(width)]);
    const x = tf.tensor2d(rows);
    const weight = variables.get("weight") as tf.Tensor2D;
    const both = affineReader(variables, "weight", "bias");
    const bare = affineReader(variables, "weight");
    expectClose(
      rows.flatMap((row) => [...both(row)]),
      linear(x, weight, variables.get("bias") as tf.Tensor1D),
    );
    expectClose(
      rows.flatMap((row) => [...bare(row)]),
      linear(x, weight),
    );
    variables.dispose();
  });

  it("sums in double precision", () => {
    const variables = createVariables([["weight", { shape: [1, 3], values: Float32Array.of(1, 1, 1) }]]);
    expect([...affineReader(variables, "weight")([2 ** 24, 1, 2 ** -20])]).toEqual([2 ** 24 + 1 + 2 ** -20]);
    variables.dispose();
  });

  it("reads plain and typed arrays alike, and leaves them alone", () => {
    const variables = make(3, 5);
    const read = affineReader(variables, "weight", "bias");
    const row = rng.fork("typed").normals(5);
    expect(read(Object.freeze([...row]))).toEqual(read(row));
    expect(read(Float64Array.from(row))).toEqual(read(row));
    variables.dispose();
  });

  it("makes no tensor, keeps the values of the moment it was made, and outlives the variables", () => {
    const variables = make(2, 3);
    const before = tf.memory().numTensors;
    const read = affineReader(variables, "weight", "bias");
    const row = [1, -2, 0.5];
    const first = [...read(row)];
    expect(tf.memory().numTensors).toBe(before);
    tf.tidy(() => {
      variables.get("weight").assign(tf.zeros([2, 3]));
      variables.get("bias").assign(tf.ones([2]));
    });
    expect([...read(row)]).toEqual(first);
    expect([...affineReader(variables, "weight", "bias")(row)]).toEqual([1, 1]);
    variables.dispose();
    expect([...read(row)]).toEqual(first);
  });

  it("refuses unknown names, disposed variables and inputs of another length by code", () => {
    const variables = make(2, 3);
    expect(() => affineReader(variables, "weigth")).toThrow(expect.objectContaining({ code: "state" }));
    expect(() => affineReader(variables, "weight", "offset")).toThrow(expect.objectContaining({ code: "state" }));
    const read = affineReader(variables, "weight");
    const facts = { weight: "weight", expected: 3, actual: 2 };
    expect(() => read([1, 2])).toThrow(expect.objectContaining({ code: "shape", facts }));
    expect(() => read([1, 2, 3, 4])).toThrow(expect.objectContaining({ code: "shape" }));
    variables.dispose();
    expect(() => affineReader(variables, "weight")).toThrow(expect.objectContaining({ code: "disposed" }));
  });
});
