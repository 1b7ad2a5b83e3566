/**
 * A quantile by linear interpolation between order statistics (Hyndman and Fan type 7, the default of NumPy).
 *
 * `q(p) = x[k] + (h - k) (x[k + 1] - x[k])` with `h = (n - 1) p`, `k = floor(h)`.
 *
 * @param sorted - At least one value, ascending.
 * @param probability - 0 to 1.
 */
export function quantile(sorted: Float64Array, probability: number): number {
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (position - below) * (high - low);
}
