import type { TokenSpan } from "./segment-layout.ts";
import type { WasmHeap } from "./wasm-heap.ts";

/** Bytes of a number. */
export const FLOAT = 4;
/** Numbers behind weights that softmax and slope may overwrite. */
export const FILLING = 4;

/** A span by addresses in the heap; the stride in bytes. */
export interface HeapSpan {
  readonly keys: number;
  readonly values: number;
  readonly stride: number;
  readonly count: number;
  readonly isPast: boolean;
}

/**
 * Runs work on spans in the heap, with room besides.
 *
 * Arrays that lie in the heap stay there, others are copied, each once. Making room may move the memory and empty views of it: read
 * from views before, and then go by addresses.
 *
 * @param room - Numbers of room, not cleared.
 * @param work - Gets the address of the room and the spans, as they came.
 */
export function withHeapSpans(
  heap: WasmHeap,
  spans: readonly (readonly TokenSpan[])[],
  room: number,
  work: (room: number, spans: readonly (readonly HeapSpan[])[]) => void,
): void {
  const { addresses, outside } = locate(spans.flat(), heap);
  const main = heap.allocate(FLOAT * room);
  const rooms = [main];
  try {
    for (const [array, length] of outside) {
      const copy = heap.allocate(FLOAT * length);
      rooms.push(copy);
      addresses.set(array, copy);
      new Float32Array(heap.memory.buffer, copy, length).set(array.subarray(0, length));
    }
    work(
      main,
      spans.map((some) => some.map((span) => placeOf(span, addresses))),
    );
  } finally {
    for (const address of rooms) heap.free(address);
  }
}

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

function placeOf(span: TokenSpan, addresses: ReadonlyMap<Float32Array, number>): HeapSpan {
  const { keys, values, keyStart, valueStart, stride, count, isPast } = span;
  return {
    keys: (addresses.get(keys) as number) + FLOAT * keyStart,
    values: (addresses.get(values) as number) + FLOAT * valueStart,
    stride: FLOAT * stride,
    count,
    isPast,
  };
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
