import { type LowRankArrays, type LowRankSizes, narrowRow } from "./low-rank-rows.ts";
import { multiplyArrays } from "./multiply-arrays.ts";
import { transposeValues } from "./transpose-matrix.ts";

/** Fewest rows of a sample for which products on a backend are quicker than loops. */
const MANY = 24;

/** Gradients of a low-rank update, each worked out when asked for. */
export interface LowRankSlopes {
  /** `[rows, inputs]`. */
  x(): Float32Array;
  /** `[samples, rank, inputs]`. */
  down(): Float32Array;
  /** `[samples, outputs, rank]`. */
  up(): Float32Array;
}

/** What every step reads. */
interface Run {
  /** Gradient of the result, `[rows, width]`. */
  readonly slopes: Float32Array;
  readonly arrays: LowRankArrays;
  readonly sizes: LowRankSizes;
  /** Rows of each sample that has some. */
  readonly rowsOf: ReadonlyMap<number, readonly number[]>;
}

/**
 * Gradients of x and the factors.
 *
 * With n = down x and b = scale upᵀ dy of a row: `dx = downᵀ b`, `d down = b xᵀ`, `d up = scale dy nᵀ`, summed over a sample's rows:
 * products for a sample of many rows, loops for others.
 *
 * @param slopes - Gradient of the result, `[rows, width]`. No array may move when a tensor is made.
 */
export function lowRankBackward(slopes: Float32Array, arrays: LowRankArrays, sizes: LowRankSizes): LowRankSlopes {
  const rowsOf = new Map<number, number[]>();
  for (let row = 0; row < sizes.rows; row += 1) {
    const sample = sizes.sampleOf[row] as number;
    if (sample < 0) continue;
    const known = rowsOf.get(sample);
    if (known === undefined) rowsOf.set(sample, [row]);
    else known.push(row);
  }
  const run = { slopes, arrays, sizes, rowsOf };
  let back: Float32Array | undefined;
  const shared = (): Float32Array => {
    back ??= backOf(run);
    return back;
  };
  return {
    x: () => slopesOfX(run, shared()),
    down: () => slopesOfDown(run, shared()),
    up: () => slopesOfUp(run, narrowOf(run)),
  };
}

/** n of every row, `[rows, rank]`. */
function narrowOf({ arrays, sizes, rowsOf }: Run): Float32Array {
  const { x, down } = arrays;
  const { inputs, rank } = sizes;
  const result = new Float32Array(sizes.rows * rank);
  const narrow = new Float64Array(rank);
  for (const [sample, rows] of rowsOf) {
    if (rows.length >= MANY) {
      const factor = factorOf(down, sample, rank * inputs);
      const transposed = transposeValues(factor, rank, inputs);
      multiplyArrays(gather(x, rows, inputs), transposed, [rows.length, inputs, rank], (product) => {
        scatter(result, product, rows, 1);
      });
      continue;
    }
    for (const row of rows) {
      narrowRow(narrow, arrays, sizes, row, sample);
      result.set(narrow, row * rank);
    }
  }
  return result;
}

/** b of every row, `[rows, rank]`. */
function backOf({ slopes, arrays: { up }, sizes, rowsOf }: Run): Float32Array {
  const { width, outputs, rank, column, scale } = sizes;
  const result = new Float32Array(sizes.rows * rank);
  const back = new Float64Array(rank);
  for (const [sample, rows] of rowsOf) {
    if (rows.length >= MANY) {
      const own = gather(slopes, rows, width, column, outputs);
      const factor = factorOf(up, sample, outputs * rank);
      multiplyArrays(own, factor, [rows.length, outputs, rank], (product) => {
        scatter(result, product, rows, scale);
      });
      continue;
    }
    for (const row of rows) {
      back.fill(0);
      let at = sample * outputs * rank;
      for (let output = 0; output < outputs; output += 1, at += rank) {
        const slope = scale * (slopes[row * width + column + output] as number);
        for (let index = 0; index < rank; index += 1) {
          back[index] = (back[index] as number) + slope * (up[at + index] as number);
        }
      }
      result.set(back, row * rank);
    }
  }
  return result;
}

function slopesOfX({ arrays: { x, down }, sizes: { inputs, rank }, rowsOf }: Run, back: Float32Array): Float32Array {
  const result = new Float32Array(x.length);
  for (const [sample, rows] of rowsOf) {
    if (rows.length >= MANY) {
      const factor = factorOf(down, sample, rank * inputs);
      multiplyArrays(gather(back, rows, rank), factor, [rows.length, rank, inputs], (product) => {
        scatter(result, product, rows, 1);
      });
      continue;
    }
    for (const row of rows) {
      for (let index = 0; index < rank; index += 1) {
        const from = (sample * rank + index) * inputs;
        addScaled(result, row * inputs, back[row * rank + index] as number, down, from, inputs);
      }
    }
  }
  return result;
}

function slopesOfDown({ arrays: { x, down }, sizes: { inputs, rank }, rowsOf }: Run, back: Float32Array): Float32Array {
  const result = new Float32Array(down.length);
  for (const [sample, rows] of rowsOf) {
    if (rows.length >= MANY) {
      const transposed = transposeValues(gather(back, rows, rank), rows.length, rank);
      multiplyArrays(transposed, gather(x, rows, inputs), [rank, rows.length, inputs], (product) => {
        result.set(product, sample * rank * inputs);
      });
      continue;
    }
    for (const row of rows) {
      for (let index = 0; index < rank; index += 1) {
        const to = (sample * rank + index) * inputs;
        addScaled(result, to, back[row * rank + index] as number, x, row * inputs, inputs);
      }
    }
  }
  return result;
}

function slopesOfUp({ slopes, arrays: { up }, sizes, rowsOf }: Run, narrow: Float32Array): Float32Array {
  const { width, outputs, rank, column, scale } = sizes;
  const result = new Float32Array(up.length);
  for (const [sample, rows] of rowsOf) {
    const to = sample * outputs * rank;
    if (rows.length >= MANY) {
      const transposed = transposeValues(gather(slopes, rows, width, column, outputs), rows.length, outputs);
      multiplyArrays(transposed, gather(narrow, rows, rank), [outputs, rows.length, rank], (product) => {
        for (let index = 0; index < product.length; index += 1) result[to + index] = scale * (product[index] as number);
      });
      continue;
    }
    for (const row of rows) {
      for (let output = 0; output < outputs; output += 1) {
        const slope = scale * (slopes[row * width + column + output] as number);
        addScaled(result, to + output * rank, slope, narrow, row * rank, rank);
      }
    }
  }
  return result;
}

function factorOf(factors: Float32Array, sample: number, size: number): Float32Array {
  return factors.subarray(sample * size, (sample + 1) * size);
}

/** Copies columns of some rows, all of them by default, into `[rows, columns]`. */
function gather(
  array: Float32Array,
  rows: readonly number[],
  width: number,
  column = 0,
  columns = width,
): Float32Array {
  const result = new Float32Array(rows.length * columns);
  rows.forEach((row, index) => {
    const from = row * width + column;
    result.set(array.subarray(from, from + columns), index * columns);
  });
  return result;
}

/** Copies `[rows, columns]` times a factor to where the rows belong. */
function scatter(into: Float32Array, values: Float32Array, rows: readonly number[], factor: number): void {
  const columns = values.length / rows.length;
  rows.forEach((row, index) => {
    for (let column = 0; column < columns; column += 1) {
      into[row * columns + column] = factor * (values[index * columns + column] as number);
    }
  });
}

/** `into[to..] += factor · from[at..]`, `length` numbers. */
function addScaled(
  into: Float32Array,
  to: number,
  factor: number,
  from: Float32Array,
  at: number,
  length: number,
): void {
  for (let index = 0; index < length; index += 1) {
    into[to + index] = (into[to + index] as number) + factor * (from[at + index] as number);
  }
}
