import type { Rng } from "@haps/tensor";
import { multiplySparse, multiplyTransposedSparse, rowCount, type SparseRows } from "./sparse-rows.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";

/** The leading part of `A = U S Vᵀ`. */
export interface TruncatedSvd {
  /** Largest first; at most the number asked for, fewer when the matrix has a lower rank. */
  readonly singularValues: Float64Array;
  /** V, `[columns, singularValues.length]`, row-major, orthonormal columns; the entry of largest size in a column is positive. */
  readonly rightVectors: Float64Array;
}

/** How far {@link truncatedSvd} goes. */
export interface TruncatedSvdOptions {
  /** Singular values wanted, >= 1. */
  readonly components: number;
  /** Power iterations, >= 0; each multiplies the fall of the spectrum twice more. */
  readonly powerIterations: number;
  /** Extra directions of the range finder. Default 10 (Halko et al. 2011, §4.2: 5 to 10). */
  readonly oversampling?: number;
}

/** Directions below this part of the largest singular value are numerically zero in float32 features. */
const RANK_TOLERANCE = 1e-6;

/**
 * Leading right singular vectors of a sparse matrix by a randomised range finder with power iterations, in float64.
 *
 * `Y = (A Aᵀ)^q A Ω`, `Q = orth(Y)`, then the exact decomposition of `Qᵀ A`, through the eigenvectors of its Gram matrix.
 *
 * @param matrix - A, `[rows, columns]`.
 * @param rng - Draws Ω; the same stream gives the same bits.
 *
 * Source: Halko, Martinsson, Tropp, Finding Structure with Randomness (2011), algorithms 4.4 and 5.1. Deviation: the last
 * step works on the Gram matrix, so singular values below about 1e-8 of the largest are not resolved; they are cut at 1e-6.
 */
export function truncatedSvd(matrix: SparseRows, rng: Rng, options: TruncatedSvdOptions): TruncatedSvd {
  const rows = rowCount(matrix);
  const limit = Math.min(rows, matrix.columns);
  const width = Math.min(limit, options.components + (options.oversampling ?? 10));
  if (width === 0) return { singularValues: new Float64Array(0), rightVectors: new Float64Array(0) };
  const omega = new Float64Array(matrix.columns * width);
  for (let index = 0; index < omega.length; index += 1) omega[index] = rng.normal();
  let range = multiplySparse(matrix, omega, width);
  for (let iteration = 0; iteration < options.powerIterations; iteration += 1) {
    orthonormalise(range, rows, width);
    range = multiplySparse(matrix, multiplyTransposedSparse(matrix, range, width), width);
  }
  orthonormalise(range, rows, width);
  const reduced = multiplyTransposedSparse(matrix, range, width);
  return rightVectorsOf(reduced, matrix.columns, width, Math.min(options.components, width));
}

/** From Bᵀ = Aᵀ Q `[columns, width]`: `B Bᵀ = U S² Uᵀ`, `V = Bᵀ U / S`. */
function rightVectorsOf(reduced: Float64Array, columns: number, width: number, components: number): TruncatedSvd {
  const { values, vectors } = symmetricEigen(gram(reduced, columns, width), width);
  const singular = Float64Array.from(values, (value) => Math.sqrt(Math.max(0, value)));
  const floor = (singular[0] as number) * RANK_TOLERANCE;
  let kept = 0;
  while (kept < components && (singular[kept] as number) > floor) kept += 1;
  const right = new Float64Array(columns * kept);
  const row = new Float64Array(kept);
  for (let column = 0; column < columns; column += 1) {
    row.fill(0);
    for (let inner = 0; inner < width; inner += 1) {
      const value = reduced[column * width + inner] as number;
      if (value === 0) continue;
      for (let index = 0; index < kept; index += 1) {
        row[index] = (row[index] as number) + value * (vectors[inner * width + index] as number);
      }
    }
    for (let index = 0; index < kept; index += 1) {
      right[column * kept + index] = (row[index] as number) / (singular[index] as number);
    }
  }
  fixSigns(right, columns, kept);
  return { singularValues: singular.slice(0, kept), rightVectors: right };
}

function gram(matrix: Float64Array, rows: number, width: number): Float64Array {
  const product = new Float64Array(width * width);
  for (let row = 0; row < rows; row += 1) {
    const values = matrix.subarray(row * width, (row + 1) * width);
    for (let a = 0; a < width; a += 1) {
      const value = values[a] as number;
      if (value === 0) continue;
      for (let b = a; b < width; b += 1) {
        product[a * width + b] = (product[a * width + b] as number) + value * (values[b] as number);
      }
    }
  }
  for (let a = 0; a < width; a += 1) {
    for (let b = 0; b < a; b += 1) product[a * width + b] = product[b * width + a] as number;
  }
  return product;
}

/** Modified Gram-Schmidt, twice over, in place; a column that depends on those before it becomes zero. */
function orthonormalise(matrix: Float64Array, rows: number, width: number): void {
  const columns = Array.from({ length: width }, (_, column) => {
    const values = new Float64Array(rows);
    for (let row = 0; row < rows; row += 1) values[row] = matrix[row * width + column] as number;
    return values;
  });
  columns.forEach((column, index) => {
    const before = Math.sqrt(dot(column, column));
    for (let pass = 0; pass < 2; pass += 1) {
      for (let earlier = 0; earlier < index; earlier += 1) removeDirection(column, columns[earlier] as Float64Array);
    }
    const length = Math.sqrt(dot(column, column));
    const scale = length > 1e-12 * before && length > 0 ? 1 / length : 0;
    for (let row = 0; row < rows; row += 1) {
      const value = (column[row] as number) * scale;
      column[row] = value;
      matrix[row * width + index] = value;
    }
  });
}

function removeDirection(column: Float64Array, direction: Float64Array): void {
  const share = dot(column, direction);
  for (let row = 0; row < column.length; row += 1) {
    column[row] = (column[row] as number) - share * (direction[row] as number);
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] as number) * (b[index] as number);
  return sum;
}

/** Singular vectors are unique up to sign only; this picks one. */
function fixSigns(vectors: Float64Array, rows: number, width: number): void {
  for (let column = 0; column < width; column += 1) {
    let largest = 0;
    for (let row = 0; row < rows; row += 1) {
      const value = vectors[row * width + column] as number;
      if (Math.abs(value) > Math.abs(largest)) largest = value;
    }
    if (largest >= 0) continue;
    for (let row = 0; row < rows; row += 1) {
      const at = row * width + column;
      vectors[at] = -(vectors[at] as number);
    }
  }
}
