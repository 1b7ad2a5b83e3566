import { HapsError } from "@haps/spec";

/**
 * Factor of a symmetric positive definite matrix: `A = L Lᵀ`, L lower triangular.
 *
 * @param matrix - `[size, size]` row-major; only the lower triangle is read. Left as it is.
 * @returns L, `[size, size]` row-major, zero above the diagonal.
 * @throws HapsError code `non-finite` when a pivot is not positive: the matrix is not positive definite.
 *
 * Source: Golub and Van Loan, Matrix Computations (2013), algorithm 4.2.1 (row-wise).
 */
export function choleskyFactor(matrix: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = matrix[row * size + column] as number;
      for (let k = 0; k < column; k += 1) {
        sum -= (factor[row * size + k] as number) * (factor[column * size + k] as number);
      }
      if (row !== column) {
        factor[row * size + column] = sum / (factor[column * size + column] as number);
        continue;
      }
      if (!(sum > 0)) {
        throw new HapsError(
          "non-finite",
          `choleskyFactor: pivot ${row} is ${sum}; expected a positive number; raise the ridge penalty`,
          { pivot: row, value: sum },
        );
      }
      factor[row * size + row] = Math.sqrt(sum);
    }
  }
  return factor;
}

/** Solves `L Lᵀ x = b` by forward and backward substitution; `factor` is {@link choleskyFactor}'s. */
export function choleskySolve(factor: Float64Array, right: ArrayLike<number>, size: number): Float64Array {
  const solution = new Float64Array(size);
  for (let row = 0; row < size; row += 1) {
    let sum = right[row] as number;
    for (let k = 0; k < row; k += 1) sum -= (factor[row * size + k] as number) * (solution[k] as number);
    solution[row] = sum / (factor[row * size + row] as number);
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = solution[row] as number;
    for (let k = row + 1; k < size; k += 1) sum -= (factor[k * size + row] as number) * (solution[k] as number);
    solution[row] = sum / (factor[row * size + row] as number);
  }
  return solution;
}
