import { createRng, logitPeak, peekValues, rmsNorm, ropeRows, swigluPair } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

/** Multiples of four go four at a time on wasm, the others through plain loops. */
const WIDTHS = [1, 3, 4, 6, 8, 20, 30, 344];
const ROWS = 5;

interface RowOperation {
  /** Numbers in a row of the input per unit of width, and of the output. */
  readonly inputs: number;
  readonly outputs: number;
  readonly run: (x: tf.Tensor2D, width: number, rows: readonly number[]) => tf.Tensor;
  /** A row by the formula, in float64. */
  readonly formula: (x: readonly number[], width: number, row: number) => readonly number[];
}

const EPSILON = 1e-3;
const gainOf = (width: number): Float32Array => createRng(2).normals(width);
const frequenciesOf = (width: number): number[] => Array.from({ length: width }, (_, pair) => 1 / (1 + pair));
const positionOf = (row: number): number => [3, 0, 700, 3, 12][row] as number;

const operations: Readonly<Record<string, RowOperation>> = {
  swigluPair: {
    inputs: 2,
    outputs: 1,
    run: (x) => swigluPair(x),
    formula: (x, width) =>
      x.slice(0, width).map((gate, column) => (gate / (1 + Math.exp(-gate))) * (x[width + column] as number)),
  },
  rmsNorm: {
    inputs: 1,
    outputs: 1,
    run: (x, width) => tf.tidy(() => rmsNorm(x, tf.tensor1d(gainOf(width)), { epsilon: EPSILON })),
    formula: (x, width) => {
      const root = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / width + EPSILON);
      const gain = gainOf(width);
      return x.map((value, column) => (value / root) * (gain[column] as number));
    },
  },
  // Two heads of two halves each, and one number that stays.
  ropeRows: {
    inputs: 5,
    outputs: 5,
    run: (x, width, rows) =>
      ropeRows(x, {
        headDim: 2 * width,
        heads: 2,
        positions: rows.map(positionOf),
        frequencies: frequenciesOf(width),
      }),
    formula: (x, width, row) => {
      const frequencies = frequenciesOf(width);
      return x.map((value, index) => {
        if (index >= 4 * width) return value;
        const isFirst = index % (2 * width) < width;
        const angle = positionOf(row) * (frequencies[index % width] as number);
        const other = x[isFirst ? index + width : index - width] as number;
        return value * Math.cos(angle) + (isFirst ? -other : other) * Math.sin(angle);
      });
    },
  },
};

/** Normal numbers up to some far from 0, where exponentials under- and overflow. */
function draw(rows: number, columns: number): tf.Tensor2D {
  const values = createRng(1).normals(rows * columns, 2);
  const scaled = values.map((value, index) => (index % 7 === 0 ? 60 * value : value));
  return tf.tensor2d(scaled, [rows, columns]);
}

describeEachBackend("work on rows, four numbers at a time and one by one", () => {
  for (const [name, { inputs, outputs, run, formula }] of Object.entries(operations)) {
    const all = Array.from({ length: ROWS }, (_, row) => row);

    it.each(WIDTHS)(`${name} gives the formula at width %i`, (width) => {
      tf.tidy(() => {
        const x = draw(ROWS, inputs * width);
        const expected = x.arraySync().flatMap((row, index) => formula(row, width, index));
        expectClose(run(x, width, all), expected, { rtol: 2e-6, atol: 2e-5 });
      });
    });

    it.each(WIDTHS)(`${name} has the slopes of the formula at width %i`, (width) => {
      tf.tidy(() => {
        const x = draw(ROWS, inputs * width);
        const weights = tf.tensor2d(createRng(3).normals(ROWS * outputs * width), [ROWS, outputs * width]);
        const slopes = tf
          .grad((t) => tf.sum(tf.mul(run(t as tf.Tensor2D, width, all), weights)))(x)
          .dataSync();
        const factors = weights.arraySync();
        x.arraySync().forEach((row, index) => {
          // Some columns are enough: the first, the last, and those in between that were drawn.
          for (const column of new Set([0, row.length - 1, createRng(width + index).integer(row.length)])) {
            const step = 1e-4 * Math.max(1, Math.abs(row[column] as number));
            const [up, down] = [step, -step].map((move) =>
              formula(row.with(column, (row[column] as number) + move), width, index).reduce(
                (sum, value, output) => sum + value * (factors[index]?.[output] as number),
                0,
              ),
            ) as [number, number];
            const expected = (up - down) / (2 * step);
            const found = slopes[index * row.length + column] as number;
            expect(Math.abs(found - expected)).toBeLessThan(1e-4 + 1e-4 * Math.abs(expected));
          }
        });
      });
    });

    it.each([4, 6, 344])(`${name} gives a row of width %i the same bits alone, forward and backward`, (width) => {
      tf.tidy(() => {
        const x = draw(ROWS, inputs * width);
        const slopesOf = (rows: tf.Tensor2D, places: readonly number[]) =>
          tf
            .grad((t) => tf.sum(tf.square(run(t as tf.Tensor2D, width, places))))(rows)
            .dataSync();
        const [values, slopes] = [run(x, width, all).dataSync(), slopesOf(x, all)];
        for (const row of all) {
          const alone = tf.slice(x, [row, 0], [1, inputs * width]);
          expect(run(alone, width, [row]).dataSync()).toEqual(
            values.slice(row * outputs * width, (row + 1) * outputs * width),
          );
          expect(slopesOf(alone, [row])).toEqual(slopes.slice(row * inputs * width, (row + 1) * inputs * width));
        }
      });
    });

    it.each([4, 6])(`${name} takes no rows at width %i, and hands NaN on within its row`, (width) => {
      tf.tidy(() => {
        const none = tf.zeros<tf.Rank.R2>([0, inputs * width]);
        expect(run(none, width, []).shape).toEqual([0, outputs * width]);
        const x = draw(2, inputs * width).arraySync();
        (x[0] as number[]).fill(Number.NaN);
        const [first, second] = run(tf.tensor2d(x), width, [0, 1]).arraySync() as [number[], number[]];
        expect(first.every(Number.isNaN)).toBe(true);
        expect(second.some(Number.isNaN)).toBe(false);
      });
    });
  }

  it("normalises rows whose squares overflow or vanish in float32", () => {
    tf.tidy(() => {
      for (const size of [1e-30, 1, 1e30]) {
        const y = rmsNorm(tf.tensor2d([[3 * size, -4 * size, 0, 0]]), tf.ones([4]), { epsilon: 1e-70 });
        expectClose(y, [1.2, -1.6, 0, 0], { rtol: 1e-6 });
      }
    });
  });

  it("has the gradient of a gain, also where rows are wide", () => {
    tf.tidy(() => {
      for (const width of [4, 6]) {
        const x = draw(ROWS, width);
        const slopes = tf.grad((gain) => rmsNorm(x, gain as tf.Tensor1D, { epsilon: EPSILON }))(tf.ones([width]));
        const expected = new Array<number>(width).fill(0);
        for (const row of x.arraySync()) {
          const root = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / width + EPSILON);
          row.forEach((value, column) => {
            expected[column] = (expected[column] as number) + value / root;
          });
        }
        expectClose(slopes, expected, { rtol: 1e-6, atol: 1e-6 });
      }
    });
  });
});

describeEachBackend("logitPeak", () => {
  it.each([1, 2, 4, 12, 13, 512, 40_000])(
    "finds the largest of %i logits and their sum, of tensors and of arrays",
    (length) => {
      for (const spread of [0, 1, 30, 1e30]) {
        const values = createRng(length).normals(length, spread);
        values[length >> 1] = values[0] as number; // a tie
        const highest = Math.max(...values);
        const sum = Array.from(values, (value) => Math.exp(value - highest)).reduce((total, value) => total + value, 0);
        const tensor = tf.tensor1d(values);
        for (const logits of [values, peekValues(tensor)]) {
          const found = logitPeak(logits);
          expect(found.highest).toBe(highest);
          expect(found.place).toBe(values.indexOf(highest));
          expect(Math.abs(found.logSum - Math.log(sum))).toBeLessThan(logits === values ? 1e-12 : 1e-6);
        }
        tensor.dispose();
      }
    },
  );

  it("takes tokens that are ruled out, and says what is not finite", () => {
    const peakOf = (...logits: number[]) => {
      const tensor = tf.tensor1d(logits);
      const peak = logitPeak(peekValues(tensor));
      tensor.dispose();
      return peak;
    };
    const no = Number.NEGATIVE_INFINITY;
    for (const rest of [[], [no]]) {
      expect(peakOf(1, no, 1, no, ...rest)).toMatchObject({ place: 0, highest: 1 });
      expect(peakOf(1, no, 1, no, ...rest).logSum).toBeCloseTo(Math.LN2, 6);
      expect(peakOf(no, no, no, no, ...rest)).toEqual({ place: 0, highest: no, logSum: Number.NaN });
      expect(peakOf(1, 2, Number.NaN, 0, ...rest)).toMatchObject({ place: -1, highest: Number.NaN });
      expect(peakOf(1, 2, Number.POSITIVE_INFINITY, 0, ...rest)).toMatchObject({
        place: 2,
        highest: Number.POSITIVE_INFINITY,
        logSum: Number.NaN,
      });
    }
  });
});
