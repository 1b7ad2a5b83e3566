import * as tf from "@tensorflow/tfjs";
import {
  type AttentionArrays,
  type AttentionLayout,
  type AttentionResult,
  attendBackward,
  attendForward,
} from "./attention-heads.ts";
import { attendHeap, attendHeapBackward, attentionHeap } from "./heap-attention.ts";
import { type AttentionSegment, type FusedLayout, spansOf, type TokenSpan } from "./segment-layout.ts";
import { attendShort } from "./short-attention.ts";

/** Longest segment, in rows, for which plain loops are quicker than products on a backend. */
const SHORT = 8;

/** What {@link attendSegments} returns. */
export interface SegmentResult {
  /** `[rows, heads * headDim]`; the caller owns it. */
  readonly output: tf.Tensor;
  /** Per segment what the backward pass need not compute again. */
  readonly results: SegmentResults;
}

/** What plain arrays keep for the backward pass, per segment; nothing in the heap. */
export type SegmentResults = readonly (AttentionResult | undefined)[];

/**
 * Attention of every segment: in the heap of the wasm backend where that is possible, otherwise plain loops for short segments and
 * products head by head for long ones.
 */
export function attendSegments(
  fused: tf.Tensor2D,
  segments: readonly AttentionSegment[],
  layout: FusedLayout,
): SegmentResult {
  const heap = attentionHeap([fused], layout);
  if (heap !== undefined) return { output: attendHeap(heap, fused, segments, layout), results: [] };
  // A copy: products make tensors, after which a view may no longer hold.
  const rows = fused.dataSync<"float32">();
  const width = layout.heads * layout.headDim;
  const output = new Float32Array(fused.shape[0] * width);
  const results = segments.map((segment) => {
    if (segment.silent === true) return undefined;
    const spans = spansOf(rows, segments, segment, layout);
    if (segment.length <= SHORT) {
      attendShort(output, rows, segment.start, spans, layout);
      return undefined;
    }
    const result = attendForward(gather(rows, segment, spans, layout), layoutOf(segment, spans, layout));
    output.set(result.output, segment.start * width);
    return result;
  });
  return { output: tf.tensor2d(output, [fused.shape[0], width]), results };
}

/** Gradient of the fused rows, which the caller owns; that of the past is dropped. */
export function attendSegmentsBackward(
  tensors: { readonly fused: tf.Tensor2D; readonly slopes: tf.Tensor },
  run: {
    readonly segments: readonly AttentionSegment[];
    readonly layout: FusedLayout;
    readonly results: SegmentResults;
  },
): tf.Tensor {
  const { segments, layout, results } = run;
  const heap = attentionHeap([tensors.fused, tensors.slopes], layout);
  if (heap !== undefined) return attendHeapBackward(heap, tensors, segments, layout);
  const { heads, headDim } = layout;
  const fused = tensors.fused.dataSync<"float32">();
  const slopes = tensors.slopes.dataSync<"float32">();
  const result = new Float32Array(fused.length);
  segments.forEach((segment, index) => {
    if (segment.silent === true) return;
    const spans = spansOf(fused, segments, segment, layout);
    const arrays = gather(fused, segment, spans, layout);
    const sizes = layoutOf(segment, spans, layout);
    const from = segment.start * heads * headDim;
    const own = slopes.subarray(from, from + segment.length * heads * headDim);
    const gradients = attendBackward(arrays, results[index] ?? attendForward(arrays, sizes), own, sizes);
    scatter(result, gradients, segment, spans, layout);
  });
  return tf.tensor2d(result, tensors.fused.shape);
}

function layoutOf(segment: AttentionSegment, spans: readonly TokenSpan[], layout: FusedLayout): AttentionLayout {
  const keys = spans.reduce((sum, { count }) => sum + count, 0);
  const { heads, keyValueHeads, headDim, scale, window } = layout;
  const sizes = { batch: 1, queries: segment.length, keys, heads, keyValueHeads, headDim, causal: true, scale };
  return { ...sizes, lengths: [keys], ...(window === undefined ? {} : { window }) };
}

/** Queries of a segment and all keys and values it sees, each without gaps. */
function gather(
  fused: Float32Array,
  segment: AttentionSegment,
  spans: readonly TokenSpan[],
  { heads, keyValueHeads, headDim, width }: FusedLayout,
): AttentionArrays {
  const queryWidth = heads * headDim;
  const keyWidth = keyValueHeads * headDim;
  const keys = spans.reduce((sum, { count }) => sum + count, 0);
  const query = new Float32Array(segment.length * queryWidth);
  for (let row = 0; row < segment.length; row += 1) {
    const from = (segment.start + row) * width;
    query.set(fused.subarray(from, from + queryWidth), row * queryWidth);
  }
  const key = new Float32Array(keys * keyWidth);
  const value = new Float32Array(keys * keyWidth);
  let to = 0;
  for (const span of spans) {
    for (let token = 0; token < span.count; token += 1, to += keyWidth) {
      const keyFrom = span.keyStart + token * span.stride;
      const valueFrom = span.valueStart + token * span.stride;
      key.set(span.keys.subarray(keyFrom, keyFrom + keyWidth), to);
      value.set(span.values.subarray(valueFrom, valueFrom + keyWidth), to);
    }
  }
  return { query, key, value };
}

/** Adds the gradients of a segment to those of the rows it saw. */
function scatter(
  result: Float32Array,
  gradients: AttentionArrays,
  segment: AttentionSegment,
  spans: readonly TokenSpan[],
  { heads, keyValueHeads, headDim, width }: FusedLayout,
): void {
  const queryWidth = heads * headDim;
  const keyWidth = keyValueHeads * headDim;
  addRows(result, gradients.query, {
    from: 0,
    to: segment.start * width,
    rows: segment.length,
    columns: queryWidth,
    width,
  });
  let from = 0;
  for (const span of spans) {
    if (!span.isPast) {
      const place = { from, rows: span.count, columns: keyWidth, width };
      addRows(result, gradients.key, { ...place, to: span.keyStart });
      addRows(result, gradients.value, { ...place, to: span.valueStart });
    }
    from += span.count * keyWidth;
  }
}

interface RowPlace {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly columns: number;
  /** From one row of the result to the next. */
  readonly width: number;
}

function addRows(result: Float32Array, source: Float32Array, { from, to, rows, columns, width }: RowPlace): void {
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const at = to + row * width + column;
      result[at] = (result[at] as number) + (source[from + row * columns + column] as number);
    }
  }
}
