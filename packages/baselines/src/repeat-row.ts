/** `[count, row.length]`, every row the same. */
export function repeatRow(row: Float64Array, count: number): Float64Array {
  const repeated = new Float64Array(row.length * count);
  for (let index = 0; index < count; index += 1) repeated.set(row, index * row.length);
  return repeated;
}
