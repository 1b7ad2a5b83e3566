import { ShapeError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";

/** Refuses a tensor whose shape is not `expected`; `null` stands for any length. Code `shape`. */
export function assertShape(
  operation: string,
  name: string,
  tensor: { readonly shape: readonly number[] },
  expected: readonly (number | null)[],
): void {
  const fits =
    tensor.shape.length === expected.length &&
    expected.every((length, axis) => length === null || length === tensor.shape[axis]);
  if (fits) return;
  const text = `[${expected.map((length) => length ?? "any").join(", ")}]`;
  throw new ShapeError(operation, name, text, tensor.shape);
}

/** Length of the last axis; refuses a scalar with code `shape`. */
export function lastLength(operation: string, name: string, tensor: { readonly shape: readonly number[] }): number {
  const length = tensor.shape.at(-1);
  if (length !== undefined) return length;
  throw new ShapeError(operation, name, "at least one axis", tensor.shape);
}

/** The same values as `[rows, columns]`, `columns` being the last axis; the caller owns the result. */
export function toMatrix(tensor: tf.Tensor, columns: number): tf.Tensor2D {
  return tf.reshape(tensor, [rowCount(tensor), columns]);
}

/** How many rows a tensor has: the product of all its axes but the last. */
export function rowCount(tensor: { readonly shape: readonly number[] }): number {
  return tensor.shape.slice(0, -1).reduce((product, length) => product * length, 1);
}
