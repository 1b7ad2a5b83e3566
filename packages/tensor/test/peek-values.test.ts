import { describeEachBackend } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { peekValues } from "../src/kernels/peek-values.ts";

describeEachBackend("peekValues", (backend) => {
  it("sees what dataSync copies, whatever the shape and the type", () => {
    tf.tidy(() => {
      const matrix = tf.tensor2d([1.5, -2, 3, 0], [2, 2]);
      for (const tensor of [matrix, tf.reshape(matrix, [4]), tf.scalar(7), tf.zeros([0, 3]), tf.add(matrix, 1)]) {
        expect([...peekValues(tensor)]).toEqual([...tensor.dataSync()]);
      }
      expect([...peekValues(tf.tensor1d([3, -4], "int32"))]).toEqual([3, -4]);
    });
  });

  it("sees the new values of a variable", () => {
    const variable = tf.variable(tf.tensor1d([1, 2]));
    tf.tidy(() => variable.assign(tf.tensor1d([3, 4])));
    expect([...peekValues(variable)]).toEqual([3, 4]);
    variable.dispose();
  });

  it("sees a tensor that was made on another backend", async () => {
    await tf.setBackend(backend === "cpu" ? "wasm" : "cpu");
    const tensor = tf.tensor1d([5, 6]);
    await tf.setBackend(backend === "native" ? "tensorflow" : backend);
    expect([...peekValues(tensor)]).toEqual([5, 6]);
    tensor.dispose();
  });
});
