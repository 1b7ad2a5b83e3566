/** Mean of the recorded values, `NaN` when none is recorded. */
export function recordedMean(values: Float64Array): number {
  let sum = 0;
  let recorded = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += value;
    recorded += 1;
  }
  return recorded === 0 ? Number.NaN : sum / recorded;
}

/** Standard deviation with `n - 1`, `null` for fewer than two values. */
export function sampleDeviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
