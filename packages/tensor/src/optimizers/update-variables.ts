import { HapsError, ShapeError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import type { NamedVariables } from "../variables.ts";
import type { Gradients } from "./optimizer.ts";

/** Computes new values from old values and the gradient; must leave both arguments alone. */
export type UpdateRule = (name: string, values: Float32Array, gradient: Float32Array) => Float32Array;

/** Runs a rule over every variable that has a gradient, in the variables' order; all is checked before the first write. */
export function updateVariables(
  operation: string,
  variables: NamedVariables,
  gradients: Gradients,
  rule: UpdateRule,
): void {
  for (const [name, gradient] of gradients) {
    if (!variables.has(name)) {
      throw new HapsError(
        "state",
        `${operation}: there is a gradient for "${name}", which is no variable of this optimiser; give it gradients of its own variables`,
        { name },
      );
    }
    const size = variables.get(name).size;
    if (gradient.length !== size)
      throw new ShapeError(operation, `the gradient of "${name}"`, `${size} values`, [gradient.length]);
  }
  for (const [name, variable] of variables) {
    const gradient = gradients.get(name);
    if (gradient === undefined) continue;
    const values = rule(name, variable.dataSync<"float32">(), gradient);
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
}
