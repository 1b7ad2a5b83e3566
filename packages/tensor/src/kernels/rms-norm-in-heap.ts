import type * as tf from "@tensorflow/tfjs";
import { addressIn } from "./heap-rows.ts";
import type { WasmHeap } from "./wasm-heap.ts";

/** Tensors that `rowHeap` found in the heap. */
interface HeapNorm {
  /** `[..., dim]`. */
  readonly x: tf.Tensor;
  /** `[dim]`. */
  readonly gain: tf.Tensor;
}

/**
 * Root-mean-square normalisation of rows where they lie; see `rmsNorm`.
 *
 * @param inverses - Filled with `1 / √(mean x² + ε)` of each row.
 * @returns The shape of `x`; the caller owns it.
 */
export function rmsNormInHeap(
  heap: WasmHeap,
  { x, gain }: HeapNorm,
  epsilon: number,
  inverses: Float64Array,
): tf.Tensor {
  const { tensor, address } = heap.makeTensor(x.shape);
  const [from, gains] = [addressIn(heap, x), addressIn(heap, gain)];
  for (let row = 0; row < inverses.length; row += 1) {
    const start = 4 * row * gain.size;
    inverses[row] = heap.rmsNorm(address + start, from + start, gains, gain.size, epsilon);
  }
  return tensor;
}

/** Gradient of `x`, which the caller owns; as {@link rmsNormInHeap}. */
export function rmsNormSlopesInHeap(
  heap: WasmHeap,
  { x, gain, gradient }: HeapNorm & { readonly gradient: tf.Tensor },
  inverses: Float64Array,
): tf.Tensor {
  const { tensor, address } = heap.makeTensor(x.shape);
  const [from, gains, slopes] = [addressIn(heap, x), addressIn(heap, gain), addressIn(heap, gradient)];
  for (let row = 0; row < inverses.length; row += 1) {
    const start = 4 * row * gain.size;
    const inverse = inverses[row] as number;
    heap.rmsNormSlopes(address + start, from + start, gains, slopes + start, gain.size, inverse);
  }
  return tensor;
}
