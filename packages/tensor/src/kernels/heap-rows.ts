import type * as tf from "@tensorflow/tfjs";
import { type BlankTensor, type WasmHeap, wasmHeap } from "./wasm-heap.ts";

/**
 * The heap for work on rows in place: where wasm runs and holds the tensors, and lengths are positive multiples of four.
 *
 * Four numbers at a time or plain loops is decided by lengths of rows, never by how many there are.
 */
export function rowHeap(tensors: readonly tf.Tensor[], lengths: readonly number[]): WasmHeap | undefined {
  const isWide = lengths.every((length) => length > 0 && length % 4 === 0);
  const heap = isWide ? wasmHeap() : undefined;
  return tensors.every((tensor) => heap?.addressOf(tensor) !== undefined) ? heap : undefined;
}

/** The address of a tensor that `rowHeap` was asked about. */
export function addressIn(heap: WasmHeap, tensor: tf.Tensor): number {
  return heap.addressOf(tensor) as number;
}

/** A new tensor with the numbers of another. */
export function copyTensor(heap: WasmHeap, tensor: tf.Tensor): BlankTensor {
  const copy = heap.makeTensor(tensor.shape);
  heap.copy(copy.address, addressIn(heap, tensor), 4 * tensor.size);
  return copy;
}
