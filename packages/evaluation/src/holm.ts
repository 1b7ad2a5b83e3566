import { HapsError } from "@haps/spec";

/**
 * Holm's adjusted p-values: compare them with the family's level to keep the chance of any false claim below it.
 *
 * With `p(1) <= ... <= p(m)`: `adjusted(i) = max over j <= i of min(1, (m - j + 1) p(j))`.
 *
 * Holds for any dependence between the tests, which comparisons that share a method or questions need.
 *
 * @param pValues - 0 to 1, in any order.
 * @returns In the order of `pValues`.
 * @throws HapsError code `data` for a value outside 0 to 1.
 *
 * Source: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure (1979).
 *
 * @example
 * ```ts
 * const adjusted = holmAdjust([0.04, 0.25]);
 * console.assert(adjusted[0] === 0.08 && adjusted[1] === 0.25);
 * ```
 */
export function holmAdjust(pValues: readonly number[]): number[] {
  const odd = pValues.find((value) => !(value >= 0 && value <= 1));
  if (odd !== undefined) {
    throw new HapsError("data", `holmAdjust: got p-value ${odd}; expected 0 to 1; leave out tests that were not made`, {
      value: odd,
    });
  }
  const order = pValues.map((_, index) => index).sort((a, b) => (pValues[a] as number) - (pValues[b] as number));
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * (pValues[index] as number)));
    adjusted[index] = largest;
  });
  return adjusted;
}

/** Whether Holm's procedure rejects; what rounding adds to a multiple of a p-value does not decide. */
export function rejectsAt(adjusted: number, level: number): boolean {
  return adjusted <= level * (1 + 1e-12);
}

/**
 * Simultaneous lower bounds of one-sided effects that agree with Holm's procedure: a bound is 0 or more exactly where
 * it rejects "the effect is at most 0".
 *
 * With `R` of `m` rejected and `L(i, a)` the marginal lower bound that fails with chance `a`:
 * - not rejected: `L(i, level / (m - R))`;
 * - rejected, but not all are: 0, for what the procedure spends on the others is missing here;
 * - all rejected: `max(0, L(i, level / m))`.
 *
 * Source: K. Strassburger and F. Bretz, Compatible Simultaneous Lower Confidence Bounds for the Holm Procedure and Other
 * Bonferroni-Based Closed Tests (2008), with equal weights; O. Guilbaud (2008) gives the same bounds.
 */
export function holmLowerBounds(
  rejected: readonly boolean[],
  level: number,
  lowerAt: (index: number, level: number) => number,
): number[] {
  const open = rejected.filter((one) => !one).length;
  return rejected.map((one, index) => {
    if (!one) return lowerAt(index, level / open);
    return open === 0 ? Math.max(0, lowerAt(index, level / rejected.length)) : 0;
  });
}
