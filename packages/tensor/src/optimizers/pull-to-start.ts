import { type NamedArray, type NamedVariables, readVariables } from "../variables.ts";
import type { Gradients } from "./optimizer.ts";

/** Adds the gradient of a quadratic penalty to gradients. */
export type GradientPenalty = (gradients: Gradients) => Gradients;

/**
 * L2 penalty towards the values that the variables have now: `strength / 2 · Σ (w - w_start)²`.
 *
 * It is coupled: its gradient passes through the optimiser's moments like that of the loss, unlike AdamW's decay. Heads
 * that start at zero are pulled to zero, random features to where they were drawn.
 *
 * @param variables - Borrowed; read now for the starting values, and at every call.
 * @param strength - >= 0, per unit of a loss that is a mean over rows. Variables without a gradient are left alone.
 * @returns New arrays; the gradients given are left untouched.
 */
export function pullToStart(variables: NamedVariables, strength: number): GradientPenalty {
  const start: ReadonlyMap<string, NamedArray> = readVariables(variables);
  return (gradients) => {
    if (strength === 0) return gradients;
    const result = new Map<string, Float32Array>();
    for (const [name, gradient] of gradients) {
      const origin = (start.get(name) as NamedArray).values;
      const now = variables.get(name).dataSync<"float32">();
      result.set(
        name,
        gradient.map((value, index) => value + strength * ((now[index] as number) - (origin[index] as number))),
      );
    }
    return result;
  };
}
