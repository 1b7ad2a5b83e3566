import type { SafetensorsDtype } from "./dtype.ts";
import { fromBfloat16, fromFloat16 } from "./half-precision.ts";

/** Float32 values of the bytes `[begin, end)`; through a view, since neither the alignment nor the machine's byte order is given. */
export function readNumbers(view: DataView, dtype: SafetensorsDtype, begin: number, end: number): Float32Array {
  if (dtype === "f32") {
    const values = new Float32Array((end - begin) / 4);
    // As bits, since some machines change the payload of a NaN that passes through a number.
    const bits = new Uint32Array(values.buffer);
    for (let index = 0; index < bits.length; index += 1) bits[index] = view.getUint32(begin + 4 * index, true);
    return values;
  }
  const words = new Uint16Array((end - begin) / 2);
  for (let index = 0; index < words.length; index += 1) words[index] = view.getUint16(begin + 2 * index, true);
  return dtype === "f16" ? fromFloat16(words) : fromBfloat16(words);
}
