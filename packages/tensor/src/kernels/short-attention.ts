import { exponential } from "./exponential.ts";
import type { FusedLayout, TokenSpan } from "./segment-layout.ts";

/**
 * Attention of a few rows over many keys, in plain loops that read keys and values where they lie.
 *
 * For single rows this beats products on a backend: there is nothing to gather and no kernel to start.
 *
 * @param output - `[rows, heads * headDim]` of the whole batch; the segment's rows are written.
 * @param fused - `[rows, width]` of the whole batch.
 * @param start - First row of the segment.
 * @param spans - What it sees; the last one is the segment itself.
 */
export function attendShort(
  output: Float32Array,
  fused: Float32Array,
  start: number,
  spans: readonly TokenSpan[],
  layout: FusedLayout,
): void {
  const { heads, keyValueHeads, headDim, width, scale, window } = layout;
  const group = heads / keyValueHeads;
  const total = spans.reduce((sum, { count }) => sum + count, 0);
  const own = (spans[spans.length - 1] as TokenSpan).count;
  const weights = new Float64Array(total);
  const sums = new Float64Array(headDim);
  for (let row = 0; row < own; row += 1) {
    const end = total - own + row + 1;
    const begin = window === undefined ? 0 : Math.max(0, end - window);
    for (let head = 0; head < heads; head += 1) {
      const shared = Math.floor(head / group) * headDim;
      scoreKeys(weights, fused, (start + row) * width + head * headDim, { spans, begin, end, shared, headDim });
      const inverse = exponentiate(weights, begin, end, scale);
      sums.fill(0);
      mixValues(sums, weights, { spans, begin, end, shared, headDim });
      const to = ((start + row) * heads + head) * headDim;
      for (let column = 0; column < headDim; column += 1) output[to + column] = (sums[column] as number) * inverse;
    }
  }
}

/** Tokens `[begin, end)` of the spans, and where a head lies in a token. */
interface Range {
  readonly spans: readonly TokenSpan[];
  readonly begin: number;
  readonly end: number;
  /** Offset of the head of keys. */
  readonly shared: number;
  readonly headDim: number;
}

/** Columns that go through a loop over tokens together: their query or their sums stay in registers meanwhile. */
const BLOCK = 8;

/** Products of one query with every visible key. */
function scoreKeys(weights: Float64Array, fused: Float32Array, query: number, range: Range): void {
  const { spans, begin, end, shared, headDim } = range;
  weights.fill(0, begin, end);
  let offset = 0;
  for (const { keys, keyStart, stride, count } of spans) {
    const from = Math.max(0, begin - offset);
    const to = Math.min(count, end - offset);
    for (let column = 0; column < headDim; column += BLOCK) {
      const start = keyStart + shared + column + from * stride;
      const place = { query: query + column, start, stride, from: offset + from, to: offset + to };
      if (column + BLOCK <= headDim) scoreBlock(weights, fused, keys, place);
      else scoreRest(weights, fused, keys, { ...place, columns: headDim - column });
    }
    offset += count;
  }
}

/** Where tokens lie in a span and which weights are theirs. */
interface TokenRange {
  /** First element of the first token. */
  readonly start: number;
  readonly stride: number;
  /** Weights `[from, to)` belong to the tokens. */
  readonly from: number;
  readonly to: number;
}

/** Adds the part of eight columns to the scores. */
function scoreBlock(
  weights: Float64Array,
  fused: Float32Array,
  keys: Float32Array,
  { query, start, stride, from, to }: TokenRange & { readonly query: number },
): void {
  const q0 = fused[query] as number;
  const q1 = fused[query + 1] as number;
  const q2 = fused[query + 2] as number;
  const q3 = fused[query + 3] as number;
  const q4 = fused[query + 4] as number;
  const q5 = fused[query + 5] as number;
  const q6 = fused[query + 6] as number;
  const q7 = fused[query + 7] as number;
  for (let token = from, at = start; token < to; token += 1, at += stride) {
    const low = q0 * (keys[at] as number) + q1 * (keys[at + 1] as number);
    const mid = q2 * (keys[at + 2] as number) + q3 * (keys[at + 3] as number);
    const high = q4 * (keys[at + 4] as number) + q5 * (keys[at + 5] as number);
    const top = q6 * (keys[at + 6] as number) + q7 * (keys[at + 7] as number);
    weights[token] = (weights[token] as number) + (low + mid + (high + top));
  }
}

function scoreRest(
  weights: Float64Array,
  fused: Float32Array,
  keys: Float32Array,
  { query, start, stride, from, to, columns }: TokenRange & { readonly query: number; readonly columns: number },
): void {
  for (let token = from, at = start; token < to; token += 1, at += stride) {
    let sum = 0;
    for (let column = 0; column < columns; column += 1) {
      sum += (fused[query + column] as number) * (keys[at + column] as number);
    }
    weights[token] = (weights[token] as number) + sum;
  }
}

/** Turns scores into exponentials of their distance from the highest, in place; returns one over their sum. */
function exponentiate(weights: Float64Array, begin: number, end: number, scale: number): number {
  let highest = -Infinity;
  for (let index = begin; index < end; index += 1) {
    const score = (weights[index] as number) * scale;
    weights[index] = score;
    if (score > highest) highest = score;
  }
  let sum = 0;
  for (let index = begin; index < end; index += 1) {
    const weight = exponential((weights[index] as number) - highest);
    weights[index] = weight;
    sum += weight;
  }
  return 1 / sum;
}

/** Adds up the visible values by their weights. */
function mixValues(sums: Float64Array, weights: Float64Array, range: Range): void {
  const { spans, begin, end, shared, headDim } = range;
  let offset = 0;
  for (const { values, valueStart, stride, count } of spans) {
    const from = Math.max(0, begin - offset);
    const to = Math.min(count, end - offset);
    for (let column = 0; column < headDim; column += BLOCK) {
      const start = valueStart + shared + column + from * stride;
      const place = { column, start, stride, from: offset + from, to: offset + to };
      if (column + BLOCK <= headDim) mixBlock(sums, weights, values, place);
      else mixRest(sums, weights, values, { ...place, columns: headDim - column });
    }
    offset += count;
  }
}

/** Adds eight columns of the values to the sums. */
function mixBlock(
  sums: Float64Array,
  weights: Float64Array,
  values: Float32Array,
  { column, start, stride, from, to }: TokenRange & { readonly column: number },
): void {
  let s0 = sums[column] as number;
  let s1 = sums[column + 1] as number;
  let s2 = sums[column + 2] as number;
  let s3 = sums[column + 3] as number;
  let s4 = sums[column + 4] as number;
  let s5 = sums[column + 5] as number;
  let s6 = sums[column + 6] as number;
  let s7 = sums[column + 7] as number;
  for (let token = from, at = start; token < to; token += 1, at += stride) {
    const weight = weights[token] as number;
    s0 += weight * (values[at] as number);
    s1 += weight * (values[at + 1] as number);
    s2 += weight * (values[at + 2] as number);
    s3 += weight * (values[at + 3] as number);
    s4 += weight * (values[at + 4] as number);
    s5 += weight * (values[at + 5] as number);
    s6 += weight * (values[at + 6] as number);
    s7 += weight * (values[at + 7] as number);
  }
  sums[column] = s0;
  sums[column + 1] = s1;
  sums[column + 2] = s2;
  sums[column + 3] = s3;
  sums[column + 4] = s4;
  sums[column + 5] = s5;
  sums[column + 6] = s6;
  sums[column + 7] = s7;
}

function mixRest(
  sums: Float64Array,
  weights: Float64Array,
  values: Float32Array,
  { column, start, stride, from, to, columns }: TokenRange & { readonly column: number; readonly columns: number },
): void {
  for (let token = from, at = start; token < to; token += 1, at += stride) {
    const weight = weights[token] as number;
    for (let index = 0; index < columns; index += 1) {
      sums[column + index] = (sums[column + index] as number) + weight * (values[at + index] as number);
    }
  }
}
