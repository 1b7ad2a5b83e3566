import type * as tf from "@tensorflow/tfjs";
import { peekValues } from "./peek-values.ts";
import { type AttentionSegment, type FusedLayout, spansOf, type TokenSpan } from "./segment-layout.ts";
import { type WasmHeap, wasmHeap } from "./wasm-heap.ts";

/** The heap for {@link attendHeap}: where wasm runs and holds the rows, and heads are a multiple of four numbers wide. */
export function attentionHeap(fused: tf.Tensor2D, { headDim }: FusedLayout): WasmHeap | undefined {
  const heap = headDim % 4 === 0 ? wasmHeap() : undefined;
  return heap !== undefined && peekValues(fused).buffer === heap.memory.buffer ? heap : undefined;
}

/** Segments of a batch, and those among them to work on. */
export interface HeapSegments {
  readonly segments: readonly AttentionSegment[];
  readonly chosen: readonly AttentionSegment[];
  readonly layout: FusedLayout;
}

/**
 * Attention of segments in the heap of the wasm backend, in float32, four numbers at a time.
 *
 * Rows and stored pasts are read where they lie. A past in any other array is copied there first, once for all segments that share it;
 * it gives the same bits.
 *
 * @param output - `[rows, heads * headDim]` of the whole batch; the rows of the chosen segments are written.
 */
export function attendHeap(
  output: Float32Array,
  fused: tf.Tensor2D,
  heap: WasmHeap,
  { segments, chosen, layout }: HeapSegments,
): void {
  const rows = peekValues(fused);
  const seen = chosen.map((segment) => spansOf(rows, segments, segment, layout));
  const width = layout.heads * layout.headDim;
  const { addresses, outside } = locate(seen.flat(), heap);
  const query = rows.byteOffset;
  const weightBytes = FLOAT * (Math.max(...seen.map(countTokens)) + FILLING);
  const numbers = chosen.reduce((sum, { length }) => sum + length * width, 0);
  // Making room may move the memory and empty views of it: from here on only addresses hold.
  const weights = heap.allocate(weightBytes + FLOAT * numbers);
  const rooms = [weights];
  try {
    for (const [array, length] of outside) {
      const room = heap.allocate(FLOAT * length);
      rooms.push(room);
      addresses.set(array, room);
      new Float32Array(heap.memory.buffer, room, length).set(array.subarray(0, length));
    }
    const sums = new Float32Array(heap.memory.buffer, weights + weightBytes, numbers).fill(0);
    let done = 0;
    chosen.forEach(({ start, length }, index) => {
      const spans = (seen[index] as readonly TokenSpan[]).map((span) => placeOf(span, addresses));
      const places = { query: query + FLOAT * start * layout.width, weights, sums: sums.byteOffset + FLOAT * done };
      attendRows(heap, spans, layout, { ...places, rows: length });
      output.set(sums.subarray(done, done + length * width), start * width);
      done += length * width;
    });
  } finally {
    for (const room of rooms) heap.free(room);
  }
}

/** Bytes of a number. */
const FLOAT = 4;
/** Numbers behind the weights that the softmax overwrites. */
const FILLING = 4;

/** Addresses of the arrays that lie in the heap, and how many numbers of the others are needed there. */
function locate(
  spans: readonly TokenSpan[],
  heap: WasmHeap,
): { readonly addresses: Map<Float32Array, number>; readonly outside: Map<Float32Array, number> } {
  const addresses = new Map<Float32Array, number>();
  const outside = new Map<Float32Array, number>();
  for (const { keys, values, stride, count } of spans) {
    for (const array of [keys, values]) {
      if (array.buffer === heap.memory.buffer) addresses.set(array, array.byteOffset);
      else outside.set(array, Math.max(outside.get(array) ?? 0, count * stride));
    }
  }
  return { addresses, outside };
}

function countTokens(spans: readonly TokenSpan[]): number {
  return spans.reduce((sum, { count }) => sum + count, 0);
}

/** A span by addresses in the heap; the stride in bytes. */
interface SpanPlace {
  readonly keys: number;
  readonly values: number;
  readonly stride: number;
  readonly count: number;
}

function placeOf(span: TokenSpan, addresses: ReadonlyMap<Float32Array, number>): SpanPlace {
  const { keys, values, keyStart, valueStart, stride, count } = span;
  return {
    keys: (addresses.get(keys) as number) + FLOAT * keyStart,
    values: (addresses.get(values) as number) + FLOAT * valueStart,
    stride: FLOAT * stride,
    count,
  };
}

/** Addresses that belong to one segment. */
interface SegmentPlaces {
  /** First row of query, key and value. */
  readonly query: number;
  /** Room for one number per token. */
  readonly weights: number;
  /** `[rows, heads * headDim]`, zeros at first. */
  readonly sums: number;
  readonly rows: number;
}

function attendRows(heap: WasmHeap, spans: readonly SpanPlace[], layout: FusedLayout, places: SegmentPlaces): void {
  const { heads, keyValueHeads, headDim, width, scale, window } = layout;
  const { query, weights, sums, rows } = places;
  const group = heads / keyValueHeads;
  const before = spans.reduce((sum, { count }) => sum + count, 0) - rows;
  for (let row = 0; row < rows; row += 1) {
    const end = before + row + 1;
    const begin = window === undefined ? 0 : Math.max(0, end - window);
    for (let head = 0; head < heads; head += 1) {
      const shared = FLOAT * Math.floor(head / group) * headDim;
      const from = query + FLOAT * (row * width + head * headDim);
      let offset = 0;
      for (const { keys, stride, count } of spans) {
        const first = Math.max(begin - offset, 0);
        const tokens = Math.min(end - offset, count) - first;
        const at = weights + FLOAT * (offset + first - begin);
        if (tokens > 0) heap.score(at, from, keys + first * stride + shared, stride, tokens, headDim);
        offset += count;
      }
      heap.softmax(weights, end - begin, scale);
      const to = sums + FLOAT * (row * heads + head) * headDim;
      offset = 0;
      for (const { values, stride, count } of spans) {
        const first = Math.max(begin - offset, 0);
        const tokens = Math.min(end - offset, count) - first;
        const at = weights + FLOAT * (offset + first - begin);
        if (tokens > 0) heap.mix(to, at, values + first * stride + shared, stride, tokens, headDim);
        offset += count;
      }
    }
  }
}
