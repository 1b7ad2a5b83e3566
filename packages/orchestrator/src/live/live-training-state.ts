import { HapsError } from "@haps/spec";
import type { NamedArray } from "@haps/tensor";

/** All of a training that a resumed run needs beside its options. */
export interface LiveTrainingState<Progress> {
  /** Plain JSON. */
  readonly progress: Progress;
  /** Weights of the policy under `policy/`, the optimiser's moments under `optimizer/`; copies. */
  readonly arrays: ReadonlyMap<string, NamedArray>;
}

/** Refuses a state that was drawn from other random numbers; code `state`. */
export function assertSameStream(operation: string, got: readonly number[], expected: readonly number[]): void {
  if (got.join() === expected.join()) return;
  throw new HapsError(
    "state",
    `${operation}: the state comes from a training with another seed; continue it with its own`,
    { got, expected },
  );
}
