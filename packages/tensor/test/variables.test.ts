import {
  createVariables,
  joinVariables,
  type NamedArray,
  readVariables,
  tidyValue,
  writeVariables,
} from "@haps/tensor";
import { describeEachBackend, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const failure = (code: string, facts: object = {}) =>
  expect.objectContaining({ code, facts: expect.objectContaining(facts) });
const disposed = expect.objectContaining({ code: "disposed" });
const pair = (...values: number[]): NamedArray => ({ shape: [values.length], values: Float32Array.from(values) });

describeEachBackend("createVariables", () => {
  it("keeps names, order, shapes and values", () => {
    const variables = createVariables([
      ["z", { shape: [2, 1], values: Float32Array.of(1, 2) }],
      ["a", pair(3)],
    ]);
    expect(variables.size).toBe(2);
    expect(variables.names()).toEqual(["z", "a"]);
    expect([...variables].map(([name]) => name)).toEqual(["z", "a"]);
    expect(variables.has("z")).toBe(true);
    expect(variables.has("y")).toBe(false);
    expect(variables.get("z").shape).toEqual([2, 1]);
    expect([...variables.get("z").dataSync()]).toEqual([1, 2]);
    variables.dispose();
  });

  it("copies arrays and tensors, and takes integers as float32", () => {
    const array = pair(1, 2);
    const tensor = tf.tensor1d([3, 4], "int32");
    const variables = createVariables([
      ["array", array],
      ["tensor", tensor],
    ]);
    array.values[0] = 9;
    tensor.dispose();
    expect([...variables.get("array").dataSync()]).toEqual([1, 2]);
    expect([...variables.get("tensor").dataSync()]).toEqual([3, 4]);
    expect(variables.get("tensor").dtype).toBe("float32");
    variables.dispose();
  });

  it("lets two collections use the same names", () => {
    const [first, second] = [createVariables([["w", pair(1)]]), createVariables([["w", pair(2)]])];
    expect([first.get("w").dataSync()[0], second.get("w").dataSync()[0]]).toEqual([1, 2]);
    first.dispose();
    second.dispose();
  });

  it("frees what it made when it refuses a later one", () => {
    const before = tf.memory().numTensors;
    const twice = failure("config", { name: "w" });
    expect(() =>
      createVariables([
        ["w", pair(1)],
        ["w", pair(2)],
      ]),
    ).toThrow(twice);
    const unfilled: NamedArray = { shape: [3], values: new Float32Array(2) };
    expect(() =>
      createVariables([
        ["w", pair(1)],
        ["v", unfilled],
      ]),
    ).toThrow(failure("shape"));
    expect(tf.memory().numTensors).toBe(before);
  });

  it("says which names there are when one is unknown", () => {
    const variables = createVariables([["weight", pair(1)]]);
    expect(() => variables.get("wieght")).toThrowErrorMatchingInlineSnapshot(
      `[HapsError: NamedVariables.get: no variable "wieght"; there are weight; check the spelling]`,
    );
    expect(() => variables.get("wieght")).toThrow(failure("state", { name: "wieght" }));
    variables.dispose();
  });

  it("frees everything once, and is of no use after that", () => {
    expectNoTensorLeak(() => {
      createVariables([
        ["a", pair(1)],
        ["b", pair(2)],
      ]).dispose();
      return [];
    });
    const variables = createVariables([["a", pair(1)]]);
    const before = tf.memory().numTensors;
    variables.dispose();
    variables.dispose();
    expect(tf.memory().numTensors).toBe(before - 1);
    expect(() => variables.get("a")).toThrow(disposed);
    expect(() => [...variables]).toThrow(disposed);
    expect(() => readVariables(variables)).toThrow(disposed);
    expect(() => writeVariables(variables, new Map([["a", pair(1)]]))).toThrow(disposed);
  });

  it("survives the scope it was made in", () => {
    const variables = tidyValue(() => createVariables([["a", tf.ones([2])]]));
    expect([...variables.get("a").dataSync()]).toEqual([1, 1]);
    variables.dispose();
  });
});

describeEachBackend("readVariables and writeVariables", () => {
  it("round trip bit for bit", () => {
    const values = Float32Array.of(0.1, -0, 1e-40, 3e38);
    const source = createVariables([["w", { shape: [2, 2], values }]]);
    const target = createVariables([["w", { shape: [2, 2], values: new Float32Array(4) }]]);
    writeVariables(target, readVariables(source));
    expect(target.get("w").dataSync()).toEqual(values);
    source.dispose();
    target.dispose();
  });

  it("copies both ways", () => {
    const variables = createVariables([["w", pair(1, 2)]]);
    const read = readVariables(variables).get("w") as NamedArray;
    read.values[0] = 9;
    expect([...variables.get("w").dataSync()]).toEqual([1, 2]);
    const array = pair(5, 6);
    writeVariables(variables, new Map([["w", array]]));
    array.values[0] = 9;
    expect([...variables.get("w").dataSync()]).toEqual([5, 6]);
    variables.dispose();
  });

  it("leaves no tensors behind", () => {
    const variables = createVariables([["w", pair(1, 2)]]);
    expectNoTensorLeak(() => {
      writeVariables(variables, readVariables(variables));
      return [];
    });
    variables.dispose();
  });

  it("checks all names and shapes before the first write", () => {
    const variables = createVariables([
      ["a", pair(1)],
      ["b", pair(1, 2)],
    ]);
    const write = (...arrays: [string, NamedArray][]) => writeVariables(variables, new Map(arrays));
    expect(() => write(["a", pair(9)])).toThrow(failure("state", { missing: ["b"], unknown: [] }));
    expect(() => write(["a", pair(9)], ["b", pair(8, 8)], ["c", pair(1)])).toThrow(
      failure("state", { missing: [], unknown: ["c"] }),
    );
    expect(() => write(["a", pair(9)], ["b", pair(8)])).toThrow(failure("shape", { name: "b", actual: [1] }));
    const unfilled: NamedArray = { shape: [2], values: new Float32Array(3) };
    expect(() => write(["a", pair(9)], ["b", unfilled])).toThrow(failure("shape"));
    expect([...variables.get("a").dataSync()]).toEqual([1]);
    variables.dispose();
  });
});

describeEachBackend("joinVariables", () => {
  it("shares the variables under prefixes", () => {
    const [left, right] = [createVariables([["w", pair(1)]]), createVariables([["w", pair(2)]])];
    const joined = joinVariables({ left, right });
    expect(joined.names()).toEqual(["left/w", "right/w"]);
    expect(joined.get("right/w")).toBe(right.get("w"));
    writeVariables(
      joined,
      new Map([
        ["left/w", pair(3)],
        ["right/w", pair(4)],
      ]),
    );
    expect(left.get("w").dataSync()[0]).toBe(3);
    joined.dispose();
  });

  it("disposes its parts, and knows when a part was disposed alone", () => {
    const [left, right] = [createVariables([["w", pair(1)]]), createVariables([["w", pair(2)]])];
    const joined = joinVariables({ left, right });
    left.dispose();
    expect(() => joined.get("left/w")).toThrow(disposed);
    expect(() => [...joined]).toThrow(disposed);
    expect(joined.get("right/w").dataSync()[0]).toBe(2);
    joined.dispose();
    joined.dispose();
    expect(() => right.get("w")).toThrow(disposed);
    expect(() => joinVariables({ left })).toThrow(disposed);
  });

  it("refuses names that meet", () => {
    const [a, b] = [createVariables([["b/c", pair(1)]]), createVariables([["c", pair(2)]])];
    expect(() => joinVariables({ a, "a/b": b })).toThrow(failure("config", { name: "a/b/c" }));
    a.dispose();
    b.dispose();
  });
});
