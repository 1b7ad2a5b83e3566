import { wasmHeap } from "./wasm-heap.ts";

/** Numbers outside of tensors, where attention over cached keys and values is quickest. */
export interface FloatStore {
  /** All of them; look at it anew after anything that may have made a tensor: the memory behind it may have moved. */
  readonly values: Float32Array;
  /** Frees the room at once; calling it again does nothing, using `values` afterwards is an error of the caller. */
  dispose(): void;
}

/**
 * Makes room for numbers, all 0: in the heap of the wasm backend where that runs, otherwise in a plain array.
 *
 * @returns The caller disposes it; the room is no tensor and does not count as one.
 *
 * @example
 * ```ts
 * const store = createFloatStore(2);
 * store.values[0] = 3;
 * console.assert(store.values.join() === "3,0");
 * store.dispose();
 * ```
 */
export function createFloatStore(length: number): FloatStore {
  const heap = wasmHeap();
  if (heap === undefined) return { values: new Float32Array(length), dispose: () => undefined };
  const address = heap.allocate(4 * length);
  let view = new Float32Array(heap.memory.buffer, address, length).fill(0);
  let alive = true;
  return {
    get values() {
      if (!alive) return new Float32Array(0);
      if (view.buffer !== heap.memory.buffer) view = new Float32Array(heap.memory.buffer, address, length);
      return view;
    },
    dispose() {
      if (alive) heap.free(address);
      alive = false;
    },
  };
}
