import { addLowRank, createRng, dense } from "@haps/tensor";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

type Matrix = readonly (readonly number[])[];

const dot = (left: readonly number[], right: readonly number[]): number =>
  left.reduce((sum, value, index) => sum + value * (right[index] as number), 0);
const columnsOf = (matrix: Matrix): Matrix =>
  (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] ?? 0));
const product = (left: Matrix, right: Matrix): Matrix =>
  left.map((row) => columnsOf(right).map((column) => dot(row, column)));

const [SAMPLES, RANK, IN, OUT, WIDTH, COLUMN, SCALE] = [3, 4, 6, 5, 8, 2, 0.7];

/** Rows of two samples in turn, some of none; the first sample has no rows, the last one few. */
function samplesOf(rows: number): number[] {
  return Array.from({ length: rows }, (_, row) => (row % 5 === 4 ? -1 : row % 20 === 0 ? 2 : 1));
}

function numbersOf(rows: number): {
  readonly inputs: readonly [tf.Tensor2D, tf.Tensor2D, tf.Tensor3D, tf.Tensor3D];
  readonly slopes: tf.Tensor2D;
} {
  const rng = createRng(5);
  return {
    inputs: [
      tf.tensor2d(rng.normals(rows * WIDTH), [rows, WIDTH]),
      tf.tensor2d(rng.normals(rows * IN), [rows, IN]),
      tf.tensor3d(rng.normals(SAMPLES * RANK * IN), [SAMPLES, RANK, IN]),
      tf.tensor3d(rng.normals(SAMPLES * OUT * RANK), [SAMPLES, OUT, RANK]),
    ],
    slopes: tf.tensor2d(rng.normals(rows * WIDTH), [rows, WIDTH]),
  };
}

/** `y = base + scale (x downᵀ) upᵀ`, differentiated by hand in float64, sample by sample. */
function expectedSlopes(rows: number, sampleOf: readonly number[]): readonly number[][] {
  const { inputs, slopes } = numbersOf(rows);
  const [xs, downs, ups] = [inputs[1].arraySync(), inputs[2].arraySync(), inputs[3].arraySync()];
  const slopeRows = slopes.arraySync();
  const x = xs.map((row) => row.map(() => 0));
  const results = downs.map((down, sample) => {
    const up = ups[sample] as Matrix;
    const own = sampleOf.flatMap((entry, row) => (entry === sample ? [row] : []));
    const g = own.map((row) => (slopeRows[row] ?? []).slice(COLUMN, COLUMN + OUT).map((value) => value * SCALE));
    const seen = own.map((row) => xs[row] ?? []);
    const back = product(g, up); // [own, rank]
    product(back, down).forEach((row, index) => {
      x[own[index] as number] = [...row];
    });
    const narrow = product(seen, columnsOf(down)); // [own, rank]
    return own.length === 0
      ? { down: new Array<number>(RANK * IN).fill(0), up: new Array<number>(OUT * RANK).fill(0) }
      : { down: product(columnsOf(back), seen).flat(), up: product(columnsOf(g), narrow).flat() };
  });
  tf.dispose([...inputs, slopes]);
  return [slopeRows.flat(), x.flat(), results.flatMap(({ down }) => down), results.flatMap(({ up }) => up)];
}

describeEachBackend("gradients on packed rows", () => {
  describe("addLowRank", () => {
    const call =
      (sampleOf: readonly number[]) =>
      (base: tf.Tensor, x: tf.Tensor, down: tf.Tensor, up: tf.Tensor): tf.Tensor =>
        addLowRank(base as tf.Tensor2D, x as tf.Tensor2D, {
          down: down as tf.Tensor3D,
          up: up as tf.Tensor3D,
          scale: SCALE,
          sampleOf,
          column: COLUMN,
        });

    it.each([1, 7, 23, 60])("has the gradients of the formula on %i rows of several samples", (rows) => {
      const sampleOf = samplesOf(rows);
      const { inputs, slopes } = numbersOf(rows);
      const found = tf.grads(call(sampleOf))([...inputs], slopes);
      expectedSlopes(rows, sampleOf).forEach((expected, index) => {
        expectClose(found[index] as tf.Tensor, expected, { rtol: 1e-4, atol: 1e-4 });
      });
      tf.dispose([...inputs, slopes, ...found]);
    });

    it.each([7, 60])(
      "gives each input the same gradient when the others are frozen, and leaves nothing [%i]",
      (rows) => {
        const sampleOf = samplesOf(rows);
        const { inputs, slopes } = numbersOf(rows);
        const together = tf.grads(call(sampleOf))([...inputs], slopes);
        inputs.forEach((input, position) => {
          const alone = (varied: tf.Tensor): tf.Tensor => {
            const [base, x, down, up] = inputs.with(position, varied as never) as unknown as typeof inputs;
            return call(sampleOf)(base, x, down, up);
          };
          expectNoTensorLeak(() => tf.grad(alone)(input, slopes));
          const slope = tf.grad(alone)(input, slopes);
          expect(slope.dataSync()).toEqual((together[position] as tf.Tensor).dataSync());
          slope.dispose();
        });
        tf.dispose([...inputs, slopes, ...together]);
      },
    );

    it("gives a sample the same gradient whatever the rows of others", () => {
      const rows = 60;
      const sampleOf = samplesOf(rows);
      const { inputs, slopes } = numbersOf(rows);
      const found = tf.grads(call(sampleOf))([...inputs], slopes);
      const only = tf.grads(call(sampleOf.map((sample) => (sample === 1 ? 1 : -1))))([...inputs], slopes);
      for (const [position, size] of [
        [2, RANK * IN],
        [3, OUT * RANK],
      ] as const) {
        const [all, alone] = [found[position]?.dataSync(), only[position]?.dataSync()];
        expect(alone?.slice(size, 2 * size)).toEqual(all?.slice(size, 2 * size));
        expect(alone?.slice(2 * size)).toEqual(new Float32Array(size));
        expect(all?.slice(2 * size)).not.toEqual(new Float32Array(size));
      }
      tf.dispose([...inputs, slopes, ...found, ...only]);
    });
  });

  describe("dense", () => {
    it.each([1, 64, 65])("has the gradient of the formula on %i rows", (rows) => {
      const rng = createRng(6);
      const [x, kernel] = [tf.tensor2d(rng.normals(rows * 7), [rows, 7]), tf.tensor2d(rng.normals(7 * 9), [7, 9])];
      const slopes = tf.tensor2d(rng.normals(rows * 9), [rows, 9]);
      const [first, second] = tf.grads((a, b) => dense(a as tf.Tensor2D, b as tf.Tensor2D))([x, kernel], slopes);
      const tolerance = { rtol: 1e-4, atol: 1e-4 };
      expectClose(first as tf.Tensor, product(slopes.arraySync(), columnsOf(kernel.arraySync())).flat(), tolerance);
      expectClose(second as tf.Tensor, product(columnsOf(x.arraySync()), slopes.arraySync()).flat(), tolerance);
      tf.dispose([x, kernel, slopes, first, second]);
    });

    it("gives a row the same gradient, bit for bit, among few and among many", () => {
      tf.tidy(() => {
        const rng = createRng(7);
        const [x, kernel] = [tf.zeros([80, 33]), tf.tensor2d(rng.normals(33 * 20), [33, 20])];
        const slopes = tf.tensor2d(rng.normals(80 * 20), [80, 20]);
        const call = (rows: tf.Tensor) => dense(rows as tf.Tensor2D, kernel);
        const all = tf.grad(call)(x, slopes).dataSync();
        for (const rows of [1, 16, 64]) {
          const some = tf.grad(call)(tf.slice(x, 0, rows), tf.slice(slopes, 0, rows));
          expect(some.dataSync()).toEqual(all.slice(0, rows * 33));
        }
      });
    });
  });
});
