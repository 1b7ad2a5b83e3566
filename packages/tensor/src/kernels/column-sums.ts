/** Sums of the columns of `[rows, columns]`, in float64, optionally of the product with a second matrix. */
export function columnSums(values: Float32Array, columns: number, factor?: Float32Array): Float32Array {
  const sums = new Float64Array(columns);
  for (let start = 0; start < values.length; start += columns) {
    for (let column = 0; column < columns; column += 1) {
      const weight = factor === undefined ? 1 : (factor[start + column] as number);
      sums[column] = (sums[column] as number) + (values[start + column] as number) * weight;
    }
  }
  return Float32Array.from(sums);
}
