import { addLowRank, createRng, dense, rope, ropeRows, swiglu, swigluPair } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

const shapeError = expect.objectContaining({ code: "shape" });
const configError = expect.objectContaining({ code: "config" });

function normals(seed: string, ...shape: number[]): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(createRng(3).fork(seed).normals(size), shape);
}

const matrix = (seed: string, rows: number, columns: number) => normals(seed, rows, columns) as tf.Tensor2D;
const cube = (seed: string, a: number, b: number, c: number) => normals(seed, a, b, c) as tf.Tensor3D;

describeEachBackend("operations on packed rows", () => {
  describe("dense", () => {
    it("is the sum of products in float64, rounded", () => {
      tf.tidy(() => {
        const [x, kernel, bias] = [matrix("x", 3, 40), matrix("k", 40, 5), normals("b", 5) as tf.Tensor1D];
        const [xs, ks, bs] = [x.arraySync(), kernel.arraySync(), bias.arraySync()];
        const expected = xs.map((row) =>
          bs.map((start, column) => row.reduce((sum, value, index) => sum + value * (ks[index]?.[column] ?? 0), start)),
        );
        expectClose(dense(x, kernel, bias), expected.flat());
      });
    });

    it.each([
      [128, 384],
      [128, 128],
      [344, 128],
      [128, 512],
      [24, 40],
    ])(
      "gives a row of %i times a kernel to %i the same bits alone and among any number of others",
      (inputs, outputs) => {
        tf.tidy(() => {
          const x = matrix("x", 67, inputs);
          const kernel = matrix("kernel", inputs, outputs);
          const bias = normals("bias", outputs) as tf.Tensor1D;
          const all = dense(x, kernel, bias).dataSync();
          for (const rows of [1, 2, 3, 4, 5, 7, 8, 16, 33, 66]) {
            for (const start of [0, 67 - rows]) {
              const some = dense(tf.slice(x, [start, 0], [rows, inputs]), kernel, bias).dataSync();
              expect(some).toEqual(all.slice(start * outputs, (start + rows) * outputs));
            }
          }
        });
      },
    );

    it("refuses shapes that do not fit", () => {
      tf.tidy(() => {
        expect(() => dense(matrix("x", 2, 3), matrix("k", 4, 3))).toThrow(shapeError);
        expect(() => dense(matrix("x", 2, 3), matrix("k", 3, 4), tf.zeros([3]))).toThrow(shapeError);
        expect(() => dense(tf.zeros([3]) as unknown as tf.Tensor2D, matrix("k", 3, 4))).toThrow(shapeError);
      });
    });
  });

  describe("addLowRank", () => {
    const update = (sampleOf: readonly number[], column = 0) => ({
      down: cube("down", 2, 3, 6),
      up: cube("up", 2, 4, 3),
      scale: 0.5,
      sampleOf,
      column,
    });

    it("adds scale up down x of the row's own sample to its columns", () => {
      tf.tidy(() => {
        const [base, x] = [matrix("base", 3, 9), matrix("x", 3, 6)];
        const options = update([1, -1, 0], 3);
        const [downs, ups] = [options.down.arraySync(), options.up.arraySync()];
        const [bases, xs] = [base.arraySync(), x.arraySync()];
        const dot = (left: readonly number[], right: readonly number[]) =>
          left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);
        const expected = bases.map((row, index) => {
          const sample = options.sampleOf[index] ?? -1;
          if (sample < 0) return row;
          const narrow = (downs[sample] ?? []).map((weights) => dot(weights, xs[index] ?? []));
          return row.map((value, column) => value + 0.5 * dot(ups[sample]?.[column - 3] ?? [], narrow));
        });
        expectClose(addLowRank(base, x, options), expected.flat());
      });
    });

    it("tells the update of a square weight from its transpose", () => {
      tf.tidy(() => {
        const factors = { down: tf.tensor3d([[[1, 0]]]), up: tf.tensor3d([[[0], [1]]]), scale: 1, sampleOf: [0] };
        expectClose(addLowRank(tf.zeros<tf.Rank.R2>([1, 2]), tf.tensor2d([[5, 7]]), factors), [0, 5]);
      });
    });

    it("leaves a row without a sample as it is, bit for bit, also where the update is not finite", () => {
      tf.tidy(() => {
        const [base, x] = [matrix("base", 2, 4), matrix("x", 2, 6)];
        const options = { ...update([-1, 0]), up: tf.fill<tf.Rank.R3>([2, 4, 3], Number.POSITIVE_INFINITY) };
        expect(addLowRank(base, x, options).dataSync().slice(0, 4)).toEqual(base.dataSync().slice(0, 4));
      });
    });

    it("gives a row the same bits alone and among others", () => {
      tf.tidy(() => {
        const [base, x] = [matrix("base", 5, 4), matrix("x", 5, 6)];
        const sampleOf = [1, 0, 1, -1, 0];
        const all = addLowRank(base, x, update(sampleOf)).dataSync();
        sampleOf.forEach((sample, row) => {
          const alone = addLowRank(tf.slice(base, [row, 0], [1, 4]), tf.slice(x, [row, 0], [1, 6]), update([sample]));
          expect(alone.dataSync()).toEqual(all.slice(row * 4, row * 4 + 4));
        });
      });
    });

    it("refuses factors, samples and columns that do not fit", () => {
      tf.tidy(() => {
        const [base, x] = [matrix("base", 2, 4), matrix("x", 2, 6)];
        expect(() => addLowRank(base, matrix("x", 3, 6), update([0, 0]))).toThrow(shapeError);
        expect(() => addLowRank(base, matrix("x", 2, 5), update([0, 0]))).toThrow(shapeError);
        expect(() => addLowRank(base, x, { ...update([0, 0]), up: cube("up", 2, 4, 2) })).toThrow(shapeError);
        expect(() => addLowRank(base, x, { ...update([0, 0]), up: cube("up", 1, 4, 3) })).toThrow(shapeError);
        expect(() => addLowRank(base, x, update([0]))).toThrow(configError);
        expect(() => addLowRank(base, x, update([0, 2]))).toThrow(configError);
        expect(() => addLowRank(base, x, update([0, 0.5]))).toThrow(configError);
        expect(() => addLowRank(base, x, update([0, 0], 1))).toThrow(configError);
      });
    });
  });

  describe("ropeRows", () => {
    it("turns the first heads as rope does at the same positions, and leaves the rest", () => {
      tf.tidy(() => {
        const x = cube("x", 1, 4, 12);
        const frequencies = [1, 0.3];
        const turned = rope(tf.slice(x, [0, 0, 0], [1, 4, 8]), { headDim: 4, frequencies, offset: 5 });
        const rows = ropeRows(tf.reshape(x, [4, 12]), { headDim: 4, heads: 2, positions: [5, 6, 7, 8], frequencies });
        expectClose(tf.slice(rows, [0, 0], [4, 8]), turned.dataSync());
        expect(tf.slice(rows, [0, 8], [4, 4]).dataSync()).toEqual(tf.slice(x, [0, 0, 8], [1, 4, 4]).dataSync());
      });
    });

    it("refuses widths, positions and frequencies that do not fit", () => {
      tf.tidy(() => {
        const options = { headDim: 4, heads: 2, positions: [0, 1], frequencies: [1, 0.1] };
        expect(() => ropeRows(matrix("x", 2, 7), options)).toThrow(shapeError);
        expect(() => ropeRows(matrix("x", 2, 8), { ...options, headDim: 3 })).toThrow(shapeError);
        expect(() => ropeRows(matrix("x", 3, 8), options)).toThrow(configError);
        expect(() => ropeRows(matrix("x", 2, 8), { ...options, frequencies: [1] })).toThrow(configError);
      });
    });
  });

  describe("swigluPair", () => {
    it("is swiglu of the two halves of each row", () => {
      tf.tidy(() => {
        const x = matrix("x", 3, 10);
        const expected = swiglu(tf.slice(x, [0, 0], [3, 5]), tf.slice(x, [0, 5], [3, 5]));
        expectClose(swigluPair(x), expected.dataSync());
      });
    });

    it("refuses an odd width", () => {
      tf.tidy(() => {
        expect(() => swigluPair(matrix("x", 2, 3))).toThrow(shapeError);
      });
    });
  });
});
