/** How rows are normalised. */
export interface NormRule {
  /** Whether the mean is taken off. */
  readonly center: boolean;
  readonly epsilon: number;
}

/** x̂ = (x - center) / √(mean square + ε) and the reciprocal root of every row. */
export function standardise(
  x: Float32Array,
  dim: number,
  { center, epsilon }: NormRule,
): { standard: Float32Array<ArrayBuffer>; inverse: Float64Array<ArrayBuffer> } {
  const standard = new Float32Array(x.length);
  const inverse = new Float64Array(dim === 0 ? 0 : x.length / dim);
  for (let row = 0; row < inverse.length; row += 1) {
    const start = row * dim;
    let mean = 0;
    if (center) {
      for (let index = start; index < start + dim; index += 1) mean += x[index] as number;
      mean /= dim;
    }
    let square = 0;
    for (let index = start; index < start + dim; index += 1) {
      const offset = (x[index] as number) - mean;
      square += offset * offset;
    }
    const reciprocal = 1 / Math.sqrt(square / dim + epsilon);
    inverse[row] = reciprocal;
    for (let index = start; index < start + dim; index += 1) {
      standard[index] = ((x[index] as number) - mean) * reciprocal;
    }
  }
  return { standard, inverse };
}

/** x̂ gain + bias. */
export function scale(standard: Float32Array, gain: Float32Array, bias?: Float32Array): Float32Array {
  const y = new Float32Array(standard.length);
  const dim = gain.length;
  for (let start = 0; start < y.length; start += dim) {
    for (let column = 0; column < dim; column += 1) {
      y[start + column] =
        (standard[start + column] as number) * (gain[column] as number) +
        (bias === undefined ? 0 : (bias[column] as number));
    }
  }
  return y;
}

/** x̂ of rows that were not centred, from their reciprocal roots. */
export function scaleRows(x: Float32Array, inverse: Float64Array): Float32Array {
  const standard = new Float32Array(x.length);
  const dim = x.length / inverse.length;
  for (let row = 0, at = 0; row < inverse.length; row += 1) {
    const reciprocal = inverse[row] as number;
    for (const end = at + dim; at < end; at += 1) standard[at] = (x[at] as number) * reciprocal;
  }
  return standard;
}

/** dx = (g - [mean g] - x̂ mean(g x̂)) / √(…), g = dy · gain; the bracket only where x was centred. */
export function inputGradient(
  gradient: Float32Array,
  gain: Float32Array,
  standard: Float32Array,
  inverse: Float64Array,
  center: boolean,
): Float32Array {
  const dim = gain.length;
  const result = new Float32Array(gradient.length);
  for (let row = 0; row < inverse.length; row += 1) {
    const start = row * dim;
    let mean = 0;
    let along = 0;
    for (let column = 0; column < dim; column += 1) {
      const scaled = (gradient[start + column] as number) * (gain[column] as number);
      mean += scaled;
      along += scaled * (standard[start + column] as number);
    }
    mean = center ? mean / dim : 0;
    along /= dim;
    const reciprocal = inverse[row] as number;
    for (let column = 0; column < dim; column += 1) {
      const scaled = (gradient[start + column] as number) * (gain[column] as number);
      result[start + column] = (scaled - mean - (standard[start + column] as number) * along) * reciprocal;
    }
  }
  return result;
}
