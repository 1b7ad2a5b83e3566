import type { Rng } from "@haps/tensor";

/** Rows to be grouped, row-major. */
export interface ClusterRows {
  /** `[rows, dimension]`, finite. */
  readonly values: Float32Array;
  readonly dimension: number;
}

/**
 * Centres of groups of similar rows: Lloyd's algorithm from k-means++ starts.
 *
 * Stops when no row changes its centre, or after `iterations`. Sums are in double precision.
 *
 * @param count - Centres asked for, >= 1; fewer come back when there are fewer distinct rows.
 * @param rng - Draws the starts; the same stream gives the same bits.
 * @returns `[centres, dimension]` row-major; the caller owns it.
 *
 * Source: Lloyd, Least Squares Quantization in PCM (1982); Arthur and Vassilvitskii, k-means++ (2007).
 */
export function kMeans(rows: ClusterRows, count: number, rng: Rng, iterations = 25): Float32Array {
  const { values, dimension } = rows;
  const size = dimension === 0 ? 0 : values.length / dimension;
  const centres = startingCentres(rows, Math.min(count, size), rng);
  const assigned = new Int32Array(size).fill(-1);
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    const changed = assignRows(rows, centres, assigned);
    if (changed === 0) break;
    moveCentres(rows, centres, assigned);
  }
  return Float32Array.from(centres);
}

/** `Σ (row - centre)²`, four terms at a time. */
export function squaredDistance(
  left: ArrayLike<number>,
  leftStart: number,
  right: ArrayLike<number>,
  rightStart: number,
  dimension: number,
): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let index = 0;
  for (; index + 3 < dimension; index += 4) {
    const da = (left[leftStart + index] as number) - (right[rightStart + index] as number);
    const db = (left[leftStart + index + 1] as number) - (right[rightStart + index + 1] as number);
    const dc = (left[leftStart + index + 2] as number) - (right[rightStart + index + 2] as number);
    const dd = (left[leftStart + index + 3] as number) - (right[rightStart + index + 3] as number);
    a += da * da;
    b += db * db;
    c += dc * dc;
    d += dd * dd;
  }
  for (; index < dimension; index += 1) {
    const difference = (left[leftStart + index] as number) - (right[rightStart + index] as number);
    a += difference * difference;
  }
  return a + b + (c + d);
}

/** Rows drawn with a chance in proportion to their squared distance from the centres drawn before. */
function startingCentres({ values, dimension }: ClusterRows, count: number, rng: Rng): Float64Array {
  const size = dimension === 0 ? 0 : values.length / dimension;
  const chosen: number[] = [];
  const distances = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  while (chosen.length < count) {
    const next = chosen.length === 0 ? rng.integer(size) : rng.choice(distances);
    chosen.push(next);
    let left = 0;
    for (let row = 0; row < size; row += 1) {
      const distance = squaredDistance(values, row * dimension, values, next * dimension, dimension);
      if (distance < (distances[row] as number)) distances[row] = distance;
      left += distances[row] as number;
    }
    if (left === 0) break;
  }
  const centres = new Float64Array(chosen.length * dimension);
  chosen.forEach((row, place) => {
    centres.set(values.subarray(row * dimension, (row + 1) * dimension), place * dimension);
  });
  return centres;
}

/** Gives each row its nearest centre, the first of equals; returns how many rows changed theirs. */
function assignRows({ values, dimension }: ClusterRows, centres: Float64Array, assigned: Int32Array): number {
  const count = centres.length / dimension;
  let changed = 0;
  for (let row = 0; row < assigned.length; row += 1) {
    let best = 0;
    let bestDistance = Number.POSITIVE_INFINITY;
    for (let centre = 0; centre < count; centre += 1) {
      const distance = squaredDistance(values, row * dimension, centres, centre * dimension, dimension);
      if (distance >= bestDistance) continue;
      best = centre;
      bestDistance = distance;
    }
    if (assigned[row] !== best) changed += 1;
    assigned[row] = best;
  }
  return changed;
}

/** Moves each centre to the mean of its rows; one without rows stays where it is. */
function moveCentres({ values, dimension }: ClusterRows, centres: Float64Array, assigned: Int32Array): void {
  const sums = new Float64Array(centres.length);
  const counts = new Int32Array(centres.length / dimension);
  assigned.forEach((centre, row) => {
    counts[centre] = (counts[centre] as number) + 1;
    for (let index = 0; index < dimension; index += 1) {
      const at = centre * dimension + index;
      sums[at] = (sums[at] as number) + (values[row * dimension + index] as number);
    }
  });
  sums.forEach((sum, at) => {
    const members = counts[Math.floor(at / dimension)] as number;
    if (members > 0) centres[at] = sum / members;
  });
}
