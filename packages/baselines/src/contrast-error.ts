/**
 * Adds up how wrong the predicted differences between arms are in one row of cells.
 *
 * `Σ_a (e_a - mean e)²` with `e_a = observed_a - predicted_a` over the recorded arms: an error that all arms share, such as
 * misjudging how hard a question is, changes no choice and does not count. A row with a single recorded arm has nothing to
 * compare, so its own squared error counts.
 *
 * @param observed - `[arms]`, `NaN` where not run.
 * @param predicted - `[arms]`, finite where `observed` is.
 */
export function contrastError(observed: ArrayLike<number>, predicted: ArrayLike<number>): number {
  let sum = 0;
  let squares = 0;
  let count = 0;
  for (let arm = 0; arm < observed.length; arm += 1) {
    const value = observed[arm] as number;
    if (Number.isNaN(value)) continue;
    const error = value - (predicted[arm] as number);
    sum += error;
    squares += error * error;
    count += 1;
  }
  return count < 2 ? squares : Math.max(0, squares - (sum * sum) / count);
}
