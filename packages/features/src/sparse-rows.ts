/** Sparse matrix by rows (CSR), in plain typed arrays. */
export interface SparseRows {
  readonly columns: number;
  /** Where each row begins in `indices` and `values`; `rows + 1` entries. */
  readonly offsets: Int32Array;
  /** Column of each entry, distinct within a row, in any order. */
  readonly indices: Int32Array;
  readonly values: Float64Array;
}

/** One sparse row. */
export interface SparseRow {
  readonly indices: Int32Array;
  readonly values: Float64Array;
}

/** Number of rows. */
export function rowCount(matrix: SparseRows): number {
  return matrix.offsets.length - 1;
}

/** Stacks rows; the arrays are copied. */
export function stackRows(rows: readonly SparseRow[], columns: number): SparseRows {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, index) => {
    offsets[index + 1] = (offsets[index] as number) + row.indices.length;
  });
  const entries = offsets[rows.length] as number;
  const indices = new Int32Array(entries);
  const values = new Float64Array(entries);
  rows.forEach((row, index) => {
    indices.set(row.indices, offsets[index]);
    values.set(row.values, offsets[index]);
  });
  return { columns, offsets, indices, values };
}

/**
 * `matrix · dense`.
 *
 * @param dense - `[matrix.columns, width]`, row-major.
 * @returns `[rows, width]`, row-major.
 */
export function multiplySparse(matrix: SparseRows, dense: Float64Array, width: number): Float64Array {
  const rows = rowCount(matrix);
  const product = new Float64Array(rows * width);
  for (let row = 0; row < rows; row += 1) {
    const into = product.subarray(row * width, (row + 1) * width);
    for (let entry = matrix.offsets[row] as number; entry < (matrix.offsets[row + 1] as number); entry += 1) {
      const value = matrix.values[entry] as number;
      const from = (matrix.indices[entry] as number) * width;
      for (let column = 0; column < width; column += 1) {
        into[column] = (into[column] as number) + value * (dense[from + column] as number);
      }
    }
  }
  return product;
}

/**
 * `matrixᵀ · dense`.
 *
 * @param dense - `[rows, width]`, row-major.
 * @returns `[matrix.columns, width]`, row-major.
 */
export function multiplyTransposedSparse(matrix: SparseRows, dense: Float64Array, width: number): Float64Array {
  const product = new Float64Array(matrix.columns * width);
  for (let row = 0; row < rowCount(matrix); row += 1) {
    const from = dense.subarray(row * width, (row + 1) * width);
    for (let entry = matrix.offsets[row] as number; entry < (matrix.offsets[row + 1] as number); entry += 1) {
      const value = matrix.values[entry] as number;
      const at = (matrix.indices[entry] as number) * width;
      for (let column = 0; column < width; column += 1) {
        product[at + column] = (product[at + column] as number) + value * (from[column] as number);
      }
    }
  }
  return product;
}
