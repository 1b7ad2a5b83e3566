/** Eigenvalues, largest first, with their unit eigenvectors. */
export interface Eigen {
  readonly values: Float64Array;
  /** `[size, size]`, row-major; column `j` belongs to value `j`. */
  readonly vectors: Float64Array;
}

const MAXIMUM_SWEEPS = 60;

/**
 * Eigendecomposition of a real symmetric matrix by cyclic Jacobi rotations, in float64.
 *
 * @param matrix - `[size, size]`, row-major, symmetric, finite; left untouched.
 *
 * Source: Golub and Van Loan, Matrix Computations (4th ed., 2013), §8.5.
 */
export function symmetricEigen(matrix: Float64Array, size: number): Eigen {
  const work = Float64Array.from(matrix);
  /** Row `j` is an eigenvector: rotations then touch contiguous memory. */
  const basis = new Float64Array(size * size);
  for (let index = 0; index < size; index += 1) basis[index * size + index] = 1;
  const total = squaredSum(work);
  for (let sweep = 0; sweep < MAXIMUM_SWEEPS; sweep += 1) {
    if (offDiagonal(work, size) <= 1e-28 * total) break;
    for (let first = 0; first < size - 1; first += 1) {
      for (let second = first + 1; second < size; second += 1) rotate(work, basis, size, first, second);
    }
  }
  const order = Array.from({ length: size }, (_, index) => index);
  const diagonal = (index: number): number => work[index * size + index] as number;
  order.sort((a, b) => diagonal(b) - diagonal(a) || a - b);
  const vectors = new Float64Array(size * size);
  order.forEach((from, to) => {
    for (let row = 0; row < size; row += 1) vectors[row * size + to] = basis[from * size + row] as number;
  });
  return { values: Float64Array.from(order, diagonal), vectors };
}

function squaredSum(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}

function offDiagonal(matrix: Float64Array, size: number): number {
  let sum = 0;
  for (let row = 0; row < size; row += 1) {
    for (let column = row + 1; column < size; column += 1) sum += 2 * (matrix[row * size + column] as number) ** 2;
  }
  return sum;
}

function rotate(matrix: Float64Array, basis: Float64Array, size: number, first: number, second: number): void {
  const coupling = matrix[first * size + second] as number;
  if (coupling === 0) return;
  const difference = (matrix[second * size + second] as number) - (matrix[first * size + first] as number);
  const theta = difference / (2 * coupling);
  const tangent = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  for (let index = 0; index < size; index += 1) {
    const a = matrix[index * size + first] as number;
    const b = matrix[index * size + second] as number;
    matrix[index * size + first] = cosine * a - sine * b;
    matrix[index * size + second] = sine * a + cosine * b;
  }
  rotateRows(matrix, size, first, second, cosine, sine);
  rotateRows(basis, size, first, second, cosine, sine);
}

function rotateRows(
  matrix: Float64Array,
  size: number,
  first: number,
  second: number,
  cosine: number,
  sine: number,
): void {
  const top = first * size;
  const bottom = second * size;
  for (let column = 0; column < size; column += 1) {
    const a = matrix[top + column] as number;
    const b = matrix[bottom + column] as number;
    matrix[top + column] = cosine * a - sine * b;
    matrix[bottom + column] = sine * a + cosine * b;
  }
}
