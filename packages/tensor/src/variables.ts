import { HapsError, ShapeError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";

/** Values of one variable outside tfjs. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Trainable parameters by name, in a fixed order.
 *
 * Names are unique within one collection only: tfjs sees generated names, so that two models never collide.
 */
export interface NamedVariables extends Iterable<readonly [string, tf.Variable]> {
  readonly size: number;
  /** In the order of making. */
  names(): readonly string[];
  /** Also after {@link NamedVariables.dispose}. */
  has(name: string): boolean;
  /** Borrowed. Code `state` for an unknown name, `disposed` after {@link NamedVariables.dispose}. */
  get(name: string): tf.Variable;
  /** Frees every variable; calling it again does nothing. */
  dispose(): void;
}

/**
 * Makes variables from starting values.
 *
 * @param initial - Name and value, in the order to keep; arrays are copied, tensors are borrowed and copied as float32.
 * @returns The caller owns it.
 * @throws HapsError code `config` for a name given twice; code `shape` when an array does not fill its shape.
 *
 * @example
 * ```ts
 * const variables = createVariables([["bias", { shape: [2], values: new Float32Array(2) }]]);
 * console.assert(variables.get("bias").shape[0] === 2);
 * variables.dispose();
 * ```
 */
export function createVariables(initial: Iterable<readonly [string, NamedArray | tf.Tensor]>): NamedVariables {
  const variables = new Map<string, tf.Variable>();
  const free = (): void => {
    for (const variable of variables.values()) variable.dispose();
  };
  try {
    for (const [name, value] of initial) {
      if (variables.has(name)) {
        throw new HapsError("config", `createVariables: the name "${name}" is given twice; rename one of them`, {
          name,
        });
      }
      variables.set(name, toVariable(name, value));
    }
  } catch (error) {
    free();
    throw error;
  }
  return new VariableMap(variables, free);
}

/**
 * Several collections as one, each under its own prefix; the variables are shared, not copied.
 *
 * `joinVariables({ backbone, heads })` has `backbone/weight` where `backbone` has `weight`. Disposing it disposes the parts.
 *
 * @param parts - Borrowed until the result is disposed.
 * @throws HapsError code `config` when two names meet; code `disposed` when a part is.
 *
 * @example
 * ```ts
 * const head = createVariables([["weight", tf.zeros([2])]]);
 * const all = joinVariables({ head });
 * console.assert(all.get("head/weight") === head.get("weight"));
 * all.dispose();
 * ```
 */
export function joinVariables(parts: Readonly<Record<string, NamedVariables>>): NamedVariables {
  const variables = new Map<string, tf.Variable>();
  for (const [prefix, part] of Object.entries(parts)) {
    for (const [name, variable] of part) {
      const joined = `${prefix}/${name}`;
      if (variables.has(joined)) {
        throw new HapsError("config", `joinVariables: the name "${joined}" comes twice; change a prefix`, {
          name: joined,
        });
      }
      variables.set(joined, variable);
    }
  }
  return new VariableMap(variables, () => {
    for (const part of Object.values(parts)) part.dispose();
  });
}

/**
 * Copies every value out of tfjs, in order; reads synchronously.
 *
 * @throws HapsError code `disposed` after {@link NamedVariables.dispose}.
 */
export function readVariables(variables: NamedVariables): ReadonlyMap<string, NamedArray> {
  const arrays = new Map<string, NamedArray>();
  for (const [name, variable] of variables) {
    arrays.set(name, { shape: [...variable.shape], values: Float32Array.from(variable.dataSync()) });
  }
  return arrays;
}

/**
 * Writes values back; all names and shapes are checked before the first write.
 *
 * @throws HapsError code `state` for a missing or an unknown name; code `shape` for another shape.
 */
export function writeVariables(variables: NamedVariables, arrays: ReadonlyMap<string, NamedArray>): void {
  const missing = variables.names().filter((name) => !arrays.has(name));
  const unknown = [...arrays.keys()].filter((name) => !variables.has(name));
  if (missing.length > 0 || unknown.length > 0) {
    throw new HapsError(
      "state",
      `writeVariables: the names differ; missing [${missing.slice(0, 5).join(", ")}], unknown [${unknown.slice(0, 5).join(", ")}]; load the arrays of the same model`,
      { missing, unknown },
    );
  }
  for (const [name, variable] of variables) {
    const array = arrays.get(name) as NamedArray;
    if (array.shape.join() !== variable.shape.join()) {
      throw new ShapeError("writeVariables", name, `[${variable.shape.join(", ")}]`, array.shape);
    }
    checkFilled("writeVariables", name, array);
  }
  for (const [name, variable] of variables) {
    const array = arrays.get(name) as NamedArray;
    tf.tidy(() => variable.assign(tf.tensor(array.values.slice(), variable.shape)));
  }
}

class VariableMap implements NamedVariables {
  readonly #variables: ReadonlyMap<string, tf.Variable>;
  readonly #free: () => void;
  #disposed = false;

  constructor(variables: ReadonlyMap<string, tf.Variable>, free: () => void) {
    this.#variables = variables;
    this.#free = free;
  }

  get size(): number {
    return this.#variables.size;
  }

  names(): readonly string[] {
    return [...this.#variables.keys()];
  }

  has(name: string): boolean {
    return this.#variables.has(name);
  }

  get(name: string): tf.Variable {
    this.#checkAlive();
    const variable = this.#variables.get(name);
    if (variable !== undefined) return this.#alive(variable);
    throw new HapsError(
      "state",
      `NamedVariables.get: no variable "${name}"; there are ${this.names().slice(0, 8).join(", ") || "none"}; check the spelling`,
      { name },
    );
  }

  [Symbol.iterator](): Iterator<readonly [string, tf.Variable]> {
    this.#checkAlive();
    for (const variable of this.#variables.values()) this.#alive(variable);
    return this.#variables.entries();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#free();
  }

  #checkAlive(): void {
    if (this.#disposed) throw usedAfterDispose();
  }

  /** A part of joined variables may have been disposed by its owner. */
  #alive(variable: tf.Variable): tf.Variable {
    if (variable.isDisposed) throw usedAfterDispose();
    return variable;
  }
}

function usedAfterDispose(): HapsError {
  return new HapsError(
    "disposed",
    "NamedVariables: used after dispose(); keep the collection, and the parts of joined ones, alive while it is in use",
  );
}

function toVariable(name: string, value: NamedArray | tf.Tensor): tf.Variable {
  if (value instanceof tf.Tensor) return tf.tidy(() => tf.variable(tf.cast(value, "float32")));
  checkFilled("createVariables", name, value);
  return tf.tidy(() => tf.variable(tf.tensor(Float32Array.from(value.values), [...value.shape], "float32")));
}

function checkFilled(operation: string, name: string, array: NamedArray): void {
  const size = array.shape.reduce((product, length) => product * length, 1);
  if (size !== array.values.length) {
    throw new ShapeError(operation, `the array of "${name}"`, `${size} values`, [array.values.length]);
  }
}
