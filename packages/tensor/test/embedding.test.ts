import { embedding } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

describeEachBackend("embedding", () => {
  it("adds one axis to the ids, whatever their shape", () => {
    tf.tidy(() => {
      const table = tf.ones<tf.Rank.R2>([5, 3]);
      expect(embedding(table, tf.scalar(4, "int32")).shape).toEqual([3]);
      expect(embedding(table, tf.zeros([2, 4, 1], "int32")).shape).toEqual([2, 4, 1, 3]);
      expect(embedding(table, tf.zeros([0], "int32")).shape).toEqual([0, 3]);
    });
  });

  it("copies rows bit for bit and leaves unused ones without a gradient", () => {
    tf.tidy(() => {
      const table = tf.tensor2d([0.1, 3e38, -0, 1e-40, 5, 6], [3, 2]);
      const ids = tf.tensor1d([1, 1, 0], "int32");
      expect([...embedding(table, ids).dataSync()]).toEqual([-0, 1e-40, -0, 1e-40, 0.1, 3e38].map(Math.fround));
      expectClose(tf.grad((t) => embedding(t as tf.Tensor2D, ids))(table), [1, 1, 2, 2, 0, 0]);
    });
  });

  it("refuses an id outside the table, and names its position", () => {
    tf.tidy(() => {
      for (const id of [-1, 5]) {
        const failure = expect.objectContaining({ code: "config", facts: { id, position: 2, vocabulary: 5 } });
        expect(() => embedding(tf.ones([5, 3]), tf.tensor1d([0, 4, id], "int32"))).toThrow(failure);
      }
    });
  });

  it("refuses a table that is no matrix", () => {
    tf.tidy(() => {
      const flat = tf.ones([5]) as unknown as tf.Tensor2D;
      expect(() => embedding(flat, tf.zeros([1], "int32"))).toThrow(expect.objectContaining({ code: "shape" }));
    });
  });
});
