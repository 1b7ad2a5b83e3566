import type * as tf from "@tensorflow/tfjs";
import { addressIn, copyTensor } from "./heap-rows.ts";
import type { LowRankSizes } from "./low-rank-rows.ts";
import type { WasmHeap } from "./wasm-heap.ts";

/** Base, rows and the factors of every sample, which `rowHeap` found in the heap. */
export interface LowRankTensors {
  /** `[rows, width]`. */
  readonly base: tf.Tensor;
  /** `[rows, inputs]`. */
  readonly x: tf.Tensor;
  /** `[samples, rank, inputs]`. */
  readonly down: tf.Tensor;
  /** `[samples, outputs, rank]`. */
  readonly up: tf.Tensor;
}

/**
 * The base with the update of each row's own sample added, where they lie in the heap of the wasm backend; inputs and rank are positive
 * multiples of four.
 *
 * @returns The shape of the base; the caller owns it.
 */
export function lowRankInHeap(heap: WasmHeap, tensors: LowRankTensors, sizes: LowRankSizes): tf.Tensor {
  const { rows, width, inputs, outputs, rank, column, scale, sampleOf } = sizes;
  const { tensor, address } = copyTensor(heap, tensors.base);
  const [x, downs, ups] = [addressIn(heap, tensors.x), addressIn(heap, tensors.down), addressIn(heap, tensors.up)];
  const narrow = heap.allocate(4 * (rank + outputs + 1));
  const update = narrow + 4 * rank;
  const factor = update + 4 * outputs;
  const values = new Float32Array(heap.memory.buffer, update, outputs + 1);
  values[outputs] = scale;
  const sums = new Float32Array(heap.memory.buffer, address, tensor.size);
  const whole = outputs - (outputs % 4);
  for (let row = 0; row < rows; row += 1) {
    const sample = sampleOf[row] as number;
    if (sample < 0) continue;
    heap.score(narrow, x + 4 * row * inputs, downs + 4 * sample * rank * inputs, 4 * inputs, rank, inputs);
    heap.score(update, narrow, ups + 4 * sample * outputs * rank, 4 * rank, outputs, rank);
    const start = row * width + column;
    if (whole > 0) heap.spread(address + 4 * start, factor, update, 0, 1, whole);
    for (let output = whole; output < outputs; output += 1) {
      sums[start + output] = (sums[start + output] as number) + scale * (values[output] as number);
    }
  }
  heap.free(narrow);
  return tensor;
}
