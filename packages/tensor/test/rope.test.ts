import { rope } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

describeEachBackend("rope", () => {
  it("keeps the first token as it is and the length of every pair", () => {
    tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R3>([1, 4, 8], 0, 1, "float32", 1);
      const y = rope(x, { headDim: 4 }).dataSync();
      expect(y.slice(0, 8)).toEqual(x.dataSync().slice(0, 8));
      const norms = (values: ArrayLike<number>) =>
        Array.from({ length: values.length }, (_, index) =>
          index % 4 < 2 ? Math.hypot(values[index] as number, values[index + 2] as number) : 0,
        );
      expectClose(norms(y), norms(x.dataSync()), { rtol: 1e-5 });
    });
  });

  it("makes scores depend on the distance of two tokens only", () => {
    tf.tidy(() => {
      const [query, key] = [2, 3].map((seed) => tf.randomNormal<tf.Rank.R3>([1, 1, 6], 0, 1, "float32", seed));
      const score = (at: number, from: number) =>
        tf.sum(
          tf.mul(
            rope(query as tf.Tensor3D, { headDim: 6, offset: at }),
            rope(key as tf.Tensor3D, { headDim: 6, offset: from }),
          ),
        );
      expectClose(score(107, 103), score(9, 5), { rtol: 1e-4, atol: 1e-5 });
      expect(Math.abs((score(9, 5).dataSync()[0] as number) - (score(9, 6).dataSync()[0] as number))).toBeGreaterThan(
        1e-2,
      );
    });
  });

  it("counts on from the offset, as a cache needs", () => {
    tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R3>([2, 5, 4], 0, 1, "float32", 4);
      const tail = rope(tf.slice(x, [0, 3, 0], [2, 2, 4]), { headDim: 4, offset: 3 });
      expect(tail.dataSync()).toEqual(tf.slice(rope(x, { headDim: 4 }), [0, 3, 0], [2, 2, 4]).dataSync());
    });
  });

  it("takes the frequencies it is given instead of the base", () => {
    tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R3>([1, 3, 4], 0, 1, "float32", 5);
      const own = rope(x, { headDim: 4, frequencies: [1, 0.01] });
      expectClose(own, rope(x, { headDim: 4, base: 10_000 }));
      expectClose(rope(x, { headDim: 4, frequencies: [0, 0] }), x);
    });
  });

  it("refuses a width that is no whole number of heads, and another rank", () => {
    tf.tidy(() => {
      const shapeError = expect.objectContaining({ code: "shape" });
      expect(() => rope(tf.ones([1, 2, 6]), { headDim: 4 })).toThrow(shapeError);
      expect(() => rope(tf.ones([2, 4]) as unknown as tf.Tensor3D, { headDim: 4 })).toThrow(shapeError);
    });
  });

  it("refuses options out of range", () => {
    tf.tidy(() => {
      for (const options of [
        { headDim: 3 },
        { headDim: 0 },
        { headDim: 4, frequencies: [1] },
        { headDim: 4, base: 1 },
        { headDim: 4, base: Number.NaN },
        { headDim: 4, offset: -1 },
        { headDim: 4, offset: 0.5 },
      ]) {
        expect(() => rope(tf.ones([1, 2, 12]), options)).toThrow(expect.objectContaining({ code: "config" }));
      }
    });
  });
});
