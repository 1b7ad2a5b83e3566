/** Rows and the factors of every sample, or their gradients. */
export interface LowRankArrays {
  /** `[rows, inputs]`. */
  readonly x: Float32Array;
  /** `[samples, rank, inputs]`. */
  readonly down: Float32Array;
  /** `[samples, outputs, rank]`. */
  readonly up: Float32Array;
}

/** Sizes of a low-rank update and where it goes. */
export interface LowRankSizes {
  readonly rows: number;
  /** Columns of the base. */
  readonly width: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly rank: number;
  /** First updated column of the base. */
  readonly column: number;
  readonly scale: number;
  /** Sample of each row, -1 for none. */
  readonly sampleOf: ArrayLike<number>;
}

/** The base with the update of each row's own sample added. */
export function lowRankForward(base: Float32Array, arrays: LowRankArrays, sizes: LowRankSizes): Float32Array {
  const { rows, width, outputs, rank, column, scale, sampleOf } = sizes;
  const { up } = arrays;
  const result = base.slice();
  const narrow = new Float64Array(rank);
  const update = new Float64Array(outputs);
  for (let row = 0; row < rows; row += 1) {
    const sample = sampleOf[row] as number;
    if (sample < 0) continue;
    narrowRow(narrow, arrays, sizes, row, sample);
    widenRow(update, narrow, up, sample * outputs * rank);
    const start = row * width + column;
    for (let output = 0; output < outputs; output += 1) {
      result[start + output] = (result[start + output] as number) + scale * (update[output] as number);
    }
  }
  return result;
}

/** `narrow = down x` of one row; four sums at a time share what is read of x. */
export function narrowRow(
  narrow: Float64Array,
  { x, down }: LowRankArrays,
  { inputs, rank }: LowRankSizes,
  row: number,
  sample: number,
): void {
  const start = row * inputs;
  const whole = rank - (rank % 4);
  for (let index = 0; index < whole; index += 4) {
    const at = (sample * rank + index) * inputs;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let input = 0; input < inputs; input += 1) {
      const value = x[start + input] as number;
      s0 += value * (down[at + input] as number);
      s1 += value * (down[at + inputs + input] as number);
      s2 += value * (down[at + 2 * inputs + input] as number);
      s3 += value * (down[at + 3 * inputs + input] as number);
    }
    narrow[index] = s0;
    narrow[index + 1] = s1;
    narrow[index + 2] = s2;
    narrow[index + 3] = s3;
  }
  for (let index = whole; index < rank; index += 1) {
    const at = (sample * rank + index) * inputs;
    let sum = 0;
    for (let input = 0; input < inputs; input += 1) sum += (x[start + input] as number) * (down[at + input] as number);
    narrow[index] = sum;
  }
}

/** `update = up narrow`, `up` beginning at `first`; four numbers of the narrow vector at a time stay in registers. */
function widenRow(update: Float64Array, narrow: Float64Array, up: Float32Array, first: number): void {
  const rank = narrow.length;
  const whole = rank - (rank % 4);
  update.fill(0);
  for (let index = 0; index < whole; index += 4) {
    const n0 = narrow[index] as number;
    const n1 = narrow[index + 1] as number;
    const n2 = narrow[index + 2] as number;
    const n3 = narrow[index + 3] as number;
    for (let output = 0, at = first + index; output < update.length; output += 1, at += rank) {
      const low = n0 * (up[at] as number) + n1 * (up[at + 1] as number);
      const high = n2 * (up[at + 2] as number) + n3 * (up[at + 3] as number);
      update[output] = (update[output] as number) + (low + high);
    }
  }
  for (let index = whole; index < rank; index += 1) {
    const factor = narrow[index] as number;
    for (let output = 0, at = first + index; output < update.length; output += 1, at += rank) {
      update[output] = (update[output] as number) + factor * (up[at] as number);
    }
  }
}
