/**
 * How far held-out predictions of differences between arms can be trusted: the least-squares slope, between 0 and 1.
 *
 * `slope = Σ p d / Σ p²` over the recorded cells, with p the predicted and d the observed deviation from the arm's mean, both
 * relative to their mean over the recorded arms of the row. Noise gives 0, perfect predictions 1.
 *
 * @param predicted - Deviations, `[rows, arms]`.
 * @param observed - Deviations, `[rows, arms]`, `NaN` where not run.
 */
export function calibrationSlope(predicted: ArrayLike<number>, observed: ArrayLike<number>, arms: number): number {
  let product = 0;
  let square = 0;
  for (let start = 0; start < observed.length; start += arms) {
    let count = 0;
    let sumP = 0;
    let sumD = 0;
    let pd = 0;
    let pp = 0;
    for (let cell = start; cell < start + arms; cell += 1) {
      const d = observed[cell] as number;
      if (Number.isNaN(d)) continue;
      const p = predicted[cell] as number;
      count += 1;
      sumP += p;
      sumD += d;
      pd += p * d;
      pp += p * p;
    }
    if (count === 0) continue;
    product += count < 2 ? pd : pd - (sumP * sumD) / count;
    square += count < 2 ? pp : pp - (sumP * sumP) / count;
  }
  return square > 0 ? Math.min(1, Math.max(0, product / square)) : 0;
}
