import { HapsError } from "@haps/spec";
import type { NamedVariables } from "../variables.ts";

/** Gradients by variable name, each as long as its variable; what is absent stays as it is. */
export type Gradients = ReadonlyMap<string, Float32Array>;

/** All of an optimiser that a resumed run needs. */
export interface OptimizerState {
  /** Updates applied so far. */
  readonly step: number;
  /** Moments by `<slot>/<variable name>`. */
  readonly slots: ReadonlyMap<string, Float32Array>;
}

/** Turns gradients into updates of its variables. It borrows the variables and holds its moments outside tfjs. */
export interface Optimizer {
  readonly variables: NamedVariables;
  /** Updates applied so far; the schedule is read at this number. */
  readonly step: number;
  /** Learning rate of the next update, before the factors of groups. */
  readonly learningRate: number;
  /** Updates the variables once. Code `state` for a gradient without a variable, `shape` for one of another length. */
  apply(gradients: Gradients): void;
  /** A copy. */
  state(): OptimizerState;
  /** Continues from `state`; code `state` when it belongs to other variables. */
  restore(state: OptimizerState): void;
}

/** Refuses a state whose slots are not exactly `expected` (name to length); code `state`. */
export function assertSlots(operation: string, state: OptimizerState, expected: ReadonlyMap<string, number>): void {
  const wrong = [...expected]
    .filter(([name, length]) => state.slots.get(name)?.length !== length)
    .map(([name]) => name)
    .concat([...state.slots.keys()].filter((name) => !expected.has(name)));
  if (wrong.length === 0 && Number.isSafeInteger(state.step) && state.step >= 0) return;
  throw new HapsError(
    "state",
    `${operation}: the state does not fit; step ${state.step}, slots that differ [${wrong.slice(0, 5).join(", ")}]; restore what state() of the same optimiser gave`,
    { step: state.step, wrong },
  );
}
