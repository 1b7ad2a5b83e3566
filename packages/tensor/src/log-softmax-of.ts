/** A row of log-probabilities with what the softmax divided by. */
export interface NormalisedRow {
  readonly logProbs: Float64Array;
  /** Log-sum-exp of the logits. */
  readonly logSum: number;
}

/**
 * Logarithm of the softmax of one row of plain numbers, in the stable form and double precision.
 *
 * @param logits - At least one, finite.
 */
export function logSoftmaxOf(logits: ArrayLike<number>): NormalisedRow {
  let highest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < logits.length; index += 1) highest = Math.max(highest, logits[index] as number);
  let total = 0;
  for (let index = 0; index < logits.length; index += 1) total += Math.exp((logits[index] as number) - highest);
  const logSum = highest + Math.log(total);
  return { logProbs: Float64Array.from(logits, (logit) => logit - logSum), logSum };
}
