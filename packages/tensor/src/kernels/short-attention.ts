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

/** Products of one query with every visible key. */
function scoreKeys(weights: Float64Array, fused: Float32Array, query: number, range: Range): void {
  const { spans, begin, end, shared, headDim } = range;
  let offset = 0;
  for (const { keys, keyStart, stride, count } of spans) {
    const to = Math.min(count, end - offset);
    for (let token = Math.max(0, begin - offset); token < to; token += 1) {
      const at = keyStart + shared + token * stride;
      let sum = 0;
      for (let column = 0; column < headDim; column += 1) {
        sum += (fused[query + column] as number) * (keys[at + column] as number);
      }
      weights[offset + token] = sum;
    }
    offset += count;
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
    const to = Math.min(count, end - offset);
    for (let token = Math.max(0, begin - offset); token < to; token += 1) {
      const at = valueStart + shared + token * stride;
      const weight = weights[offset + token] as number;
      for (let column = 0; column < headDim; column += 1) {
        sums[column] = (sums[column] as number) + weight * (values[at + column] as number);
      }
    }
    offset += count;
  }
}
