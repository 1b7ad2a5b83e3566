/** Sums that a ridge regression of some columns on the same rows needs; they add up over disjoint sets of rows. */
export interface RidgeMoments {
  readonly dimension: number;
  readonly columns: number;
  /** Number of rows. */
  count: number;
  /** Σ x, `[dimension]`. */
  readonly x: Float64Array;
  /** Σ x xᵀ, `[dimension, dimension]`, lower triangle. */
  readonly xx: Float64Array;
  /** Σ y, `[columns]`. */
  readonly y: Float64Array;
  /** Σ y x, `[columns, dimension]`. */
  readonly yx: Float64Array;
}

/** No rows. */
export function emptyMoments(dimension: number, columns: number): RidgeMoments {
  return {
    dimension,
    columns,
    count: 0,
    x: new Float64Array(dimension),
    xx: new Float64Array(dimension * dimension),
    y: new Float64Array(columns),
    yx: new Float64Array(columns * dimension),
  };
}

/** Adds one row to the sums, in place. */
export function addRow(moments: RidgeMoments, x: Float32Array, y: ArrayLike<number>): void {
  const { dimension, columns } = moments;
  moments.count += 1;
  for (let i = 0; i < dimension; i += 1) {
    const value = x[i] as number;
    moments.x[i] = (moments.x[i] as number) + value;
    const base = i * dimension;
    for (let j = 0; j <= i; j += 1) moments.xx[base + j] = (moments.xx[base + j] as number) + value * (x[j] as number);
  }
  for (let column = 0; column < columns; column += 1) {
    const target = y[column] as number;
    moments.y[column] = (moments.y[column] as number) + target;
    const base = column * dimension;
    for (let j = 0; j < dimension; j += 1) {
      moments.yx[base + j] = (moments.yx[base + j] as number) + target * (x[j] as number);
    }
  }
}

/** `a + sign * b`, as new sums. */
export function combineMoments(a: RidgeMoments, b: RidgeMoments, sign: 1 | -1): RidgeMoments {
  const combine = (left: Float64Array, right: Float64Array): Float64Array =>
    left.map((value, index) => value + sign * (right[index] as number));
  return {
    dimension: a.dimension,
    columns: a.columns,
    count: a.count + sign * b.count,
    x: combine(a.x, b.x),
    xx: combine(a.xx, b.xx),
    y: combine(a.y, b.y),
    yx: combine(a.yx, b.yx),
  };
}
