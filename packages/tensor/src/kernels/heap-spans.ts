import type { AttentionPast, AttentionSegment, FusedLayout } from "./segment-layout.ts";
import type { WasmHeap } from "./wasm-heap.ts";

/** Bytes of a number. */
export const FLOAT = 4;
/** Numbers behind weights that softmax and slope may overwrite. */
export const FILLING = 4;

/** Consecutive tokens by addresses in the heap; the stride in bytes. */
export interface HeapSpan {
  readonly keys: number;
  readonly values: number;
  readonly stride: number;
  readonly count: number;
  /** Whether it lies outside the rows and gets no gradient. */
  readonly isPast: boolean;
}

/** A segment that is computed, and what it sees, oldest first, its own rows last. */
export interface LocatedSegment {
  readonly segment: AttentionSegment;
  readonly spans: readonly HeapSpan[];
  /** Of all spans together. */
  readonly tokens: number;
}

/** A part of a past that has to be copied to the heap. */
interface OutsidePart {
  readonly array: Float32Array;
  readonly length: number;
  /** Tells the span where it went. */
  readonly place: (address: number) => void;
}

/** What {@link locateSegments} found. */
export interface LocatedSegments {
  readonly segments: readonly LocatedSegment[];
  /** Tokens that the segment which sees most sees. */
  readonly longest: number;
  readonly outside: readonly OutsidePart[];
}

/**
 * Addresses of what every segment that is not silent sees. To be called before room is made: that may move the memory and empty views
 * of it, which pasts may be.
 *
 * @param rows - Address of the packed rows.
 */
export function locateSegments(
  heap: WasmHeap,
  rows: number,
  segments: readonly AttentionSegment[],
  layout: FusedLayout,
): LocatedSegments {
  const { heads, keyValueHeads, headDim, width } = layout;
  const { buffer } = heap.memory;
  const outside: OutsidePart[] = [];
  const rowsOf = ({ start, length }: AttentionSegment): HeapSpan => {
    const keys = rows + FLOAT * (start * width + heads * headDim);
    const values = keys + FLOAT * keyValueHeads * headDim;
    return { keys, values, stride: FLOAT * width, count: length, isPast: false };
  };
  const pastOf = ({ keys, values, length }: AttentionPast): HeapSpan => {
    const stride = keyValueHeads * headDim;
    const span = {
      keys: keys.byteOffset,
      values: values.byteOffset,
      stride: FLOAT * stride,
      count: length,
      isPast: true,
    };
    for (const [part, array] of [
      ["keys", keys],
      ["values", values],
    ] as const) {
      if (array.buffer === buffer) continue;
      const place = (address: number): void => {
        span[part] = address;
      };
      outside.push({ array, length: length * stride, place });
    }
    return span;
  };
  const located: LocatedSegment[] = [];
  let longest = 0;
  for (const segment of segments) {
    if (segment.silent === true) continue;
    const { past, ancestors } = segment;
    const spans = past === undefined ? [] : [pastOf(past)];
    if (ancestors !== undefined) for (const index of ancestors) spans.push(rowsOf(segments[index] as AttentionSegment));
    spans.push(rowsOf(segment));
    const tokens = countTokens(spans);
    longest = Math.max(longest, tokens);
    located.push({ segment, spans, tokens });
  }
  return { segments: located, longest, outside };
}

/**
 * Runs work with room in the heap and copies there of what lies outside of it, each array once.
 *
 * @param room - Numbers of room, not cleared.
 * @param work - Gets the address of the room.
 */
export function withHeapRoom(
  heap: WasmHeap,
  outside: readonly OutsidePart[],
  room: number,
  work: (room: number) => void,
): void {
  const main = heap.allocate(FLOAT * room);
  const rooms = [main];
  try {
    if (outside.length > 0) copyOutside(heap, outside, rooms);
    work(main);
  } finally {
    for (const address of rooms) heap.free(address);
  }
}

/** Copies each array once; its room goes to `rooms` at once, so that it is freed where there is none for the next. */
function copyOutside(heap: WasmHeap, outside: readonly OutsidePart[], rooms: number[]): void {
  const lengths = new Map<Float32Array, number>();
  for (const { array, length } of outside) lengths.set(array, Math.max(lengths.get(array) ?? 0, length));
  const copies = new Map<Float32Array, number>();
  for (const [array, length] of lengths) {
    const copy = heap.allocate(FLOAT * length);
    rooms.push(copy);
    copies.set(array, copy);
    new Float32Array(heap.memory.buffer, copy, length).set(array.subarray(0, length));
  }
  for (const { array, place } of outside) place(copies.get(array) as number);
}

function countTokens(spans: readonly { readonly count: number }[]): number {
  let sum = 0;
  for (const { count } of spans) sum += count;
  return sum;
}

/** The part of a span that a row sees. */
export interface VisibleSpan extends HeapSpan {
  /** Where its first token stands among all that the row sees, in bytes of weights. */
  readonly offset: number;
}

/** What the row before token `end` sees, through a window if there is one. */
export function visibleSpans(spans: readonly HeapSpan[], end: number, window = end): VisibleSpan[] {
  const begin = Math.max(0, end - window);
  const visible: VisibleSpan[] = [];
  let offset = 0;
  for (const { keys, values, stride, count, isPast } of spans) {
    const first = Math.max(begin - offset, 0);
    const tokens = Math.min(end - offset, count) - first;
    if (tokens > 0) {
      const skipped = first * stride;
      const at = FLOAT * (offset + first - begin);
      visible.push({ keys: keys + skipped, values: values + skipped, stride, count: tokens, isPast, offset: at });
    }
    offset += count;
  }
  return visible;
}
