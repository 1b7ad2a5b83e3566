import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";

/** An array as the Python programs of `golden/` write it. */
export interface PackedArray {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Arrays by name. */
export type PackedArrays = Readonly<Record<string, PackedArray>>;

/** One call of an operation, with the gradients of `<output, upstream>`. */
export interface OperationCase {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: PackedArrays;
  readonly constants: PackedArrays;
  readonly upstream: PackedArray;
  readonly output: PackedArray;
  readonly gradients: PackedArrays;
}

/** Reads `golden/<subject>.json`; the caller knows what its program wrote. */
export function readGolden(subject: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, "..", "golden", `${subject}.json`), "utf8"));
}

/** The caller owns the tensor. */
export function unpack(packed: PackedArray, dtype: "float32" | "int32" = "float32"): tf.Tensor {
  return tf.tensor([...packed.values], [...packed.shape], dtype);
}

/** Packed arrays as initial values of variables or as gradients. */
export function namedArrays(packed: PackedArrays): [string, { shape: readonly number[]; values: Float32Array }][] {
  return Object.entries(packed).map(([name, { shape, values }]) => [
    name,
    { shape, values: Float32Array.from(values) },
  ]);
}
