import { wasmHeap } from "./wasm-heap.ts";

/** The largest of some logits, and what all of them come to. */
export interface LogitPeak {
  /** Where the largest stands first; -1 where one is NaN. */
  readonly place: number;
  /** The largest; NaN where one is. */
  readonly highest: number;
  /** `log Σ exp(x - highest)`; NaN where the largest is not finite. */
  readonly logSum: number;
}

/**
 * Finds the largest logit and sums all up: the log-probability of logit x is `x - highest - logSum`.
 *
 * In float64; a multiple of four numbers that lie in the heap of the wasm backend, as `peekValues` shows them, go four at a time with
 * exponentials in float32: `logSum` is within 1e-6 then.
 *
 * @param logits - At least one, borrowed.
 *
 * @example
 * ```ts
 * const { place, highest, logSum } = logitPeak(Float32Array.of(1, 3, 3));
 * console.assert(place === 1 && highest === 3 && Math.abs(logSum - Math.log(2 + Math.exp(-2))) < 1e-12);
 * ```
 */
export function logitPeak(logits: Float32Array): LogitPeak {
  const { length } = logits;
  const heap = length > 0 && length % 4 === 0 ? wasmHeap() : undefined;
  if (heap !== undefined && logits.buffer === heap.memory.buffer) {
    const highest = heap.highest(logits.byteOffset, length);
    const sum = heap.sumExponentials(logits.byteOffset, length, highest);
    return { place: logits.indexOf(highest), highest, logSum: Math.log(sum) };
  }
  let highest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < length; index += 1) highest = Math.max(highest, logits[index] as number);
  let sum = 0;
  for (let index = 0; index < length; index += 1) sum += Math.exp((logits[index] as number) - highest);
  return { place: logits.indexOf(highest), highest, logSum: Math.log(sum) };
}
