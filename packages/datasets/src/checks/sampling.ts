/** How many standard errors apart two means of samples must be to contradict each other. */
const CONTRADICTION = 4;

/**
 * True when two mean scores of the same question and arm differ by more than their samples explain.
 *
 * `|a - b| > 4 sqrt(p (1 - p) (1/n + 1/m))` with the pooled mean p of n and m samples, the standard error of scores that
 * are 0 or 1, an upper bound for all scores from 0 to 1. Two single samples never contradict each other.
 */
export function contradict(a: number, n: number, b: number, m: number): boolean {
  const pooled = (a * n + b * m) / (n + m);
  const deviation = Math.sqrt(Math.max(pooled * (1 - pooled), 0) * (1 / n + 1 / m));
  return Math.abs(a - b) > CONTRADICTION * deviation + 1e-9;
}

/**
 * Probability of at least `wins` heads in `trials` throws of a fair coin: the one-sided sign test.
 *
 * `sum over k >= wins of C(trials, k) / 2^trials`, summed in logarithms.
 */
export function signTest(wins: number, trials: number): number {
  let logTerm = -trials * Math.LN2;
  let tail = 0;
  for (let heads = 0; heads <= trials; heads += 1) {
    if (heads >= wins) tail += Math.exp(logTerm);
    logTerm += Math.log(trials - heads) - Math.log(heads + 1);
  }
  return Math.min(tail, 1);
}
