import { parseConfig } from "@haps/spec";
import { z } from "zod";
import type { NamedVariables } from "../variables.ts";
import { assertSlots, type Gradients, type Optimizer, type OptimizerState } from "./optimizer.ts";
import { type GroupFactors, parameterGroupSchema, resolveGroups } from "./parameter-groups.ts";
import { createSchedule, type Schedule, scheduleConfigSchema } from "./schedule.ts";
import { updateVariables } from "./update-variables.ts";

/** Schema of {@link SgdConfig}. */
export const sgdConfigSchema = z.strictObject({
  /** Learning rate, or how it runs. No default: it depends on the loss's scale. */
  learningRate: z.union([z.number().nonnegative(), scheduleConfigSchema]),
  /** Share of the last velocity that is kept. Default 0: plain gradient descent. */
  momentum: z.number().min(0).lt(1).default(0),
  /** Decay added to the gradient (L2). Default 0. */
  weightDecay: z.number().nonnegative().default(0),
  /** Exceptions by name; the first group that matches counts. Default none. */
  groups: z.array(parameterGroupSchema).default([]),
});

/** What a caller of {@link createSgd} writes. */
export interface SgdConfig extends z.input<typeof sgdConfigSchema> {}

/**
 * Stochastic gradient descent with momentum.
 *
 * `u = μ u + g + λ w`, `w ← w - η u`
 *
 * @param variables - Borrowed; updated in place.
 * @throws ConfigError code `config` for a bad configuration or a group that matches no variable.
 *
 * Source: Sutskever et al., On the importance of initialization and momentum (2013), in PyTorch's form, which multiplies the
 * velocity by the learning rate.
 *
 * @example
 * ```ts
 * const variables = createVariables([["w", tf.tensor1d([1])]]);
 * createSgd(variables, { learningRate: 0.5 }).apply(new Map([["w", Float32Array.of(1)]]));
 * console.assert(variables.get("w").dataSync()[0] === 0.5);
 * ```
 */
export function createSgd(variables: NamedVariables, config: SgdConfig): Optimizer {
  return new Sgd(variables, parseConfig("createSgd", sgdConfigSchema, config));
}

class Sgd implements Optimizer {
  readonly variables: NamedVariables;
  readonly #momentum: number;
  readonly #factors: ReadonlyMap<string, GroupFactors>;
  readonly #schedule: Schedule;
  readonly #velocities = new Map<string, Float32Array>();
  #step = 0;

  constructor(variables: NamedVariables, config: z.output<typeof sgdConfigSchema>) {
    this.variables = variables;
    this.#momentum = config.momentum;
    this.#schedule = createSchedule(config.learningRate);
    this.#factors = resolveGroups("createSgd", variables.names(), config.groups, config.weightDecay);
    for (const [name, variable] of variables) this.#velocities.set(name, new Float32Array(variable.size));
  }

  get step(): number {
    return this.#step;
  }

  get learningRate(): number {
    return this.#schedule(this.#step);
  }

  apply(gradients: Gradients): void {
    const rate = this.learningRate;
    updateVariables("Sgd.apply", this.variables, gradients, (name, values, gradient) => {
      const factors = this.#factors.get(name) as GroupFactors;
      const velocity = this.#velocities.get(name) as Float32Array;
      const result = new Float32Array(values.length);
      for (let index = 0; index < result.length; index += 1) {
        const value = values[index] as number;
        const slope = (gradient[index] as number) + factors.weightDecay * value;
        const speed = this.#momentum * (velocity[index] as number) + slope;
        velocity[index] = speed;
        result[index] = value - rate * factors.learningRate * speed;
      }
      return result;
    });
    this.#step += 1;
  }

  state(): OptimizerState {
    const slots = new Map<string, Float32Array>();
    for (const [name, velocity] of this.#velocities) slots.set(`velocity/${name}`, velocity.slice());
    return { step: this.#step, slots };
  }

  restore(state: OptimizerState): void {
    const expected = new Map([...this.#velocities].map(([name, velocity]) => [`velocity/${name}`, velocity.length]));
    assertSlots("Sgd.restore", state, expected);
    for (const [name, velocity] of this.#velocities) velocity.set(state.slots.get(`velocity/${name}`) as Float32Array);
    this.#step = state.step;
  }
}
