import type * as tf from "@tensorflow/tfjs";
import { addressIn, rowHeap } from "./heap-rows.ts";
import {
  FILLING,
  FLOAT,
  type LocatedSegment,
  locateSegments,
  type VisibleSpan,
  visibleSpans,
  withHeapRoom,
} from "./heap-spans.ts";
import type { AttentionSegment, FusedLayout } from "./segment-layout.ts";
import type { WasmHeap } from "./wasm-heap.ts";

/** The heap for attention of packed rows: where wasm runs and holds the tensors, and heads are a multiple of four numbers wide. */
export function attentionHeap(tensors: readonly tf.Tensor[], { headDim }: FusedLayout): WasmHeap | undefined {
  return rowHeap(tensors, [headDim]);
}

/**
 * Attention of every segment in the heap of the wasm backend, in float32, four numbers at a time.
 *
 * Rows and stored pasts are read where they lie. A past in any other array is copied there first, once for all segments that share it;
 * it gives the same bits.
 *
 * @returns `[rows, heads * headDim]`; the caller owns it.
 */
export function attendHeap(
  heap: WasmHeap,
  fused: tf.Tensor2D,
  segments: readonly AttentionSegment[],
  layout: FusedLayout,
): tf.Tensor {
  const { heads, headDim, width, scale, window } = layout;
  const query = addressIn(heap, fused);
  const { segments: heard, longest, outside } = locateSegments(heap, query, segments, layout);
  const output = heap.makeTensor([fused.shape[0], heads * headDim]);
  const group = heads / layout.keyValueHeads;
  const apart = FLOAT * (longest + FILLING);
  withHeapRoom(heap, outside, heads * (longest + FILLING), (weights) => {
    new Float32Array(heap.memory.buffer, output.address, output.tensor.size).fill(0);
    for (const located of heard) {
      forEachRow(located, window, (row, visible, tokens) => {
        const from = query + FLOAT * row * width;
        for (const { keys, stride, count, offset } of visible) {
          heap.scoreHeads(weights + offset, from, keys, stride, count, headDim, heads, group, apart);
        }
        for (let head = 0; head < heads; head += 1) heap.softmax(weights + head * apart, tokens, scale);
        const to = output.address + FLOAT * row * heads * headDim;
        for (const { values, stride, count, offset } of visible) {
          heap.mixHeads(to, weights + offset, values, stride, count, headDim, heads, group, apart);
        }
      });
    }
  });
  return output.tensor;
}

/**
 * Gradient of the fused rows; that of pasts is dropped. Probabilities are worked out again, to the same bits, rather than kept.
 *
 * With P the probabilities: `dV = Pᵀ dY`, `dP = dY Vᵀ`, `dS = scale P ∘ (dP - Σ P dP)`, `dQ = dS K`, `dK = dSᵀ Q`, query by query.
 *
 * @param slopes - dY, `[rows, heads * headDim]`.
 * @returns The shape of `fused`; the caller owns it.
 */
export function attendHeapBackward(
  heap: WasmHeap,
  { fused, slopes }: { readonly fused: tf.Tensor2D; readonly slopes: tf.Tensor },
  segments: readonly AttentionSegment[],
  layout: FusedLayout,
): tf.Tensor {
  const { heads, headDim, width, scale, window } = layout;
  const upstream = addressIn(heap, slopes);
  const query = addressIn(heap, fused);
  const { segments: heard, longest, outside } = locateSegments(heap, query, segments, layout);
  const result = heap.makeTensor(fused.shape);
  const gradient = result.address;
  withHeapRoom(heap, outside, 2 * (longest + FILLING), (weights) => {
    const scores = weights + FLOAT * (longest + FILLING);
    new Float32Array(heap.memory.buffer, gradient, result.tensor.size).fill(0);
    /** From a place among the rows to the same one of the gradient. */
    const across = gradient - query;
    for (const located of heard) {
      forEachRow(located, window, (row, visible, tokens) => {
        for (let head = 0; head < heads; head += 1) {
          const from = query + FLOAT * (row * width + head * headDim);
          const slope = upstream + FLOAT * (row * heads + head) * headDim;
          const shared = sharedOf(head, layout);
          weighTokens(heap, { weights, query: from, visible, tokens, shared, headDim, scale });
          for (const { values, stride, count, offset, isPast } of visible) {
            heap.score(scores + offset, slope, values + shared, stride, count, headDim);
            if (!isPast) heap.spread(values + shared + across, weights + offset, slope, stride, count, headDim);
          }
          heap.slope(scores, weights, tokens, scale);
          for (const { keys, stride, count, offset, isPast } of visible) {
            heap.mix(from + across, scores + offset, keys + shared, stride, count, headDim);
            if (!isPast) heap.spread(keys + shared + across, scores + offset, from, stride, count, headDim);
          }
        }
      });
    }
  });
  return result.tensor;
}

/** Bytes from a token's first head of keys to the one that belongs to a head of queries. */
function sharedOf(head: number, { heads, keyValueHeads, headDim }: FusedLayout): number {
  return FLOAT * headDim * Math.floor((head * keyValueHeads) / heads);
}

/** Every row of a segment by its number in the batch, what it sees, and how many tokens that is. */
function forEachRow(
  { segment: { start, length }, spans, tokens }: LocatedSegment,
  window: number | undefined,
  visit: (row: number, visible: readonly VisibleSpan[], tokens: number) => void,
): void {
  for (let row = 0; row < length; row += 1) {
    const end = tokens - length + row + 1;
    visit(start + row, visibleSpans(spans, end, window), Math.min(end, window ?? end));
  }
}

/** One query and what it sees; addresses and `shared` in bytes. */
interface HeapQuery {
  readonly weights: number;
  readonly query: number;
  readonly visible: readonly VisibleSpan[];
  readonly tokens: number;
  readonly shared: number;
  readonly headDim: number;
  readonly scale: number;
}

/** Probabilities of the tokens that a query sees. */
function weighTokens(heap: WasmHeap, { weights, query, visible, tokens, shared, headDim, scale }: HeapQuery): void {
  for (const { keys, stride, count, offset } of visible) {
    heap.score(weights + offset, query, keys + shared, stride, count, headDim);
  }
  heap.softmax(weights, tokens, scale);
}
