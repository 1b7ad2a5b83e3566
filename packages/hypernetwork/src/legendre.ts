/**
 * Legendre polynomial of a degree, orthogonal on [-1, 1] and within [-1, 1] there.
 *
 * `(n + 1) P_{n+1}(x) = (2 n + 1) x P_n(x) - n P_{n-1}(x)`, `P_0 = 1`, `P_1 = x` (Bonnet's recursion).
 */
export function legendre(degree: number, x: number): number {
  let previous = 1;
  let current = x;
  if (degree === 0) return previous;
  for (let n = 1; n < degree; n += 1) {
    [previous, current] = [current, ((2 * n + 1) * x * current - n * previous) / (n + 1)];
  }
  return current;
}
