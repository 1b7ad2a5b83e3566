import type { Rng } from "../rng.ts";
import type { NamedArray, NamedVariables } from "../variables.ts";

/** Starting values of a layer, ready for `createVariables`. */
export type Parameters = readonly (readonly [string, NamedArray])[];

/**
 * A matrix of normal numbers with mean 0, drawn from the stream that `init.rng` forks under `name`.
 *
 * @returns Its name and `[rows, columns]` values.
 */
export function normalMatrix(
  name: string,
  rows: number,
  columns: number,
  init: { readonly rng: Rng; readonly deviation: number },
): readonly [string, NamedArray] {
  return [name, { shape: [rows, columns], values: init.rng.fork(name).normals(rows * columns, init.deviation) }];
}

/** A vector of one number. */
export function constantVector(name: string, length: number, value: number): readonly [string, NamedArray] {
  return [name, { shape: [length], values: new Float32Array(length).fill(value) }];
}

/** `variables.get` where the name may be missing. */
export function optionalVariable(variables: NamedVariables, name: string) {
  return variables.has(name) ? variables.get(name) : undefined;
}
