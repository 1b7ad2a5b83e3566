/** Value below which `share` of the sorted numbers lie, interpolated linearly; NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** Middle of the sorted numbers; the mean of the two middle ones where their count is even. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
