/**
 * Position of the first number that is NaN or infinite, or -1.
 *
 * A loop, since `findIndex` makes an object of every number.
 *
 * @example
 * ```ts
 * console.assert(firstNonFinite(Float32Array.of(1, Number.NaN)) === 1 && firstNonFinite([0, 1]) === -1);
 * ```
 */
export function firstNonFinite(values: ArrayLike<number>): number {
  for (let index = 0; index < values.length; index += 1) {
    if (!Number.isFinite(values[index])) return index;
  }
  return -1;
}
