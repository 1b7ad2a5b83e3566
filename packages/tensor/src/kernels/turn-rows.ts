import * as tf from "@tensorflow/tfjs";
import { copyTensor, rowHeap } from "./heap-rows.ts";
import { peekValues } from "./peek-values.ts";
import { type RotationLayout, type RowAngles, rotateRows } from "./rotate-rows.ts";
import type { WasmHeap } from "./wasm-heap.ts";

/**
 * Turns the halves of heads of packed rows, forward for direction 1, back for -1; in the heap of the wasm backend with angles in
 * float32 where half a head is a multiple of four numbers wide.
 *
 * @returns The shape of `x`; the caller owns it.
 */
export function turnRows(
  x: tf.Tensor,
  angles: RowAngles,
  layout: Omit<RotationLayout, "halves">,
  direction: 1 | -1,
): tf.Tensor {
  const heap = rowHeap([x], [layout.headDim / 2]);
  if (heap !== undefined) return turnInHeap(heap, x, angles, layout, direction);
  return tf.tensor(rotateRows(peekValues(x), angles, { ...layout, halves: true }, direction), x.shape);
}

function turnInHeap(
  heap: WasmHeap,
  x: tf.Tensor,
  { cosines, sines, places }: RowAngles,
  { width, heads, headDim }: Omit<RotationLayout, "halves">,
  direction: 1 | -1,
): tf.Tensor {
  const { tensor, address } = copyTensor(heap, x);
  if (heads === 0) return tensor;
  const count = cosines.length;
  const table = heap.allocate(8 * count);
  const view = new Float32Array(heap.memory.buffer, table, 2 * count);
  view.set(cosines);
  for (let index = 0; index < count; index += 1) view[count + index] = direction * (sines[index] as number);
  for (let row = 0; row < places.length; row += 1) {
    const cosine = table + 4 * (places[row] as number);
    heap.rotate(address + 4 * row * width, cosine, cosine + 4 * count, headDim / 2, heads);
  }
  heap.free(table);
  return tensor;
}
