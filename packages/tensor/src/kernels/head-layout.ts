/** Where a head's first element lies in `[batch, tokens, heads * headDim]` and how far its tokens are apart. */
export interface HeadStride {
  readonly start: number;
  readonly step: number;
}

/** One head of one row of the batch. */
export interface HeadPlace {
  readonly query: HeadStride;
  /** Of keys and values; several heads of queries share one. */
  readonly key: HeadStride;
  /** Keys that count. */
  readonly length: number;
}

/** Every head of every row of the batch, in order. */
export function headPlaces(layout: {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly lengths: readonly number[];
}): HeadPlace[] {
  const { batch, queries, keys, heads, keyValueHeads, headDim, lengths } = layout;
  const group = heads / keyValueHeads;
  return Array.from({ length: batch * heads }, (_, index) => {
    const row = Math.floor(index / heads);
    const head = index % heads;
    const step = heads * headDim;
    const keyStep = keyValueHeads * headDim;
    return {
      query: { start: row * queries * step + head * headDim, step },
      key: { start: row * keys * keyStep + Math.floor(head / group) * headDim, step: keyStep },
      length: lengths[row] as number,
    };
  });
}

/** Copies a head times `factor` into `[tokens, headDim]`. */
export function gatherHead(
  into: Float32Array,
  values: Float32Array,
  { start, step }: HeadStride,
  headDim: number,
  factor: number,
): void {
  for (let index = 0, from = start; index < into.length; index += headDim, from += step) {
    for (let column = 0; column < headDim; column += 1) {
      into[index + column] = factor * (values[from + column] as number);
    }
  }
}

/** Copies a head into `[headDim, tokens]`. */
export function gatherHeadTransposed(
  into: Float32Array,
  values: Float32Array,
  { start, step }: HeadStride,
  headDim: number,
): void {
  const tokens = into.length / headDim;
  for (let token = 0, from = start; token < tokens; token += 1, from += step) {
    for (let column = 0; column < headDim; column += 1) into[column * tokens + token] = values[from + column] as number;
  }
}

/** Adds `[tokens, headDim]`, each token times its factor, to a head: grouped queries share one head of keys. */
export function scatterHead(
  values: Float32Array,
  { start, step }: HeadStride,
  head: Float32Array,
  factors: Float64Array,
): void {
  const headDim = head.length / factors.length;
  for (let token = 0, from = start; token < factors.length; token += 1, from += step) {
    const factor = factors[token] as number;
    const at = token * headDim;
    for (let column = 0; column < headDim; column += 1) {
      values[from + column] = (values[from + column] as number) + factor * (head[at + column] as number);
    }
  }
}
