/** Index of the largest value; `NaN` never wins, the first of equals does; -1 when there is none. */
export function indexOfBest(values: ArrayLike<number>, allowed?: readonly boolean[]): number {
  let best = -1;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (Number.isNaN(value) || allowed?.[index] === false) continue;
    if (best === -1 || value > (values[best] as number)) best = index;
  }
  return best;
}
