import { parseConfig } from "@haps/spec";
import { z } from "zod";
import type { NamedVariables } from "../variables.ts";
import { assertSlots, type Gradients, type Optimizer, type OptimizerState } from "./optimizer.ts";
import { type GroupFactors, parameterGroupSchema, resolveGroups } from "./parameter-groups.ts";
import { createSchedule, type Schedule, scheduleConfigSchema } from "./schedule.ts";
import { updateVariables } from "./update-variables.ts";

/** Schema of {@link AdamWConfig}. */
export const adamWConfigSchema = z.strictObject({
  /** Learning rate, or how it runs. Default 1e-3 (Kingma and Ba 2015). */
  learningRate: z.union([z.number().nonnegative(), scheduleConfigSchema]).default(1e-3),
  /** Decay of the mean of gradients. Default 0.9 (Kingma and Ba 2015). */
  beta1: z.number().min(0).lt(1).default(0.9),
  /** Decay of the mean of squared gradients. Default 0.999 (Kingma and Ba 2015). */
  beta2: z.number().min(0).lt(1).default(0.999),
  /** Added to the root of the squared mean. Default 1e-8 (Kingma and Ba 2015). */
  epsilon: z.number().positive().default(1e-8),
  /** Decoupled weight decay, multiplied by the learning rate. Default 0.01 (PyTorch). */
  weightDecay: z.number().nonnegative().default(0.01),
  /** Exceptions by name; the first group that matches counts. Default none. */
  groups: z.array(parameterGroupSchema).default([]),
});

/** What a caller of {@link createAdamW} writes. */
export interface AdamWConfig extends z.input<typeof adamWConfigSchema> {}

/**
 * Adam with decoupled weight decay.
 *
 * `m = β₁m + (1-β₁)g`, `v = β₂v + (1-β₂)g²`, `w ← w - η λ w - η m̂ / (√v̂ + ε)` with `m̂ = m/(1-β₁ᵗ)`, `v̂ = v/(1-β₂ᵗ)`.
 *
 * One fused pass per variable over plain arrays: the same on every backend, moments outside tfjs. A variable without a gradient
 * is left alone, decay included.
 *
 * @param variables - Borrowed; updated in place.
 * @throws ConfigError code `config` for a bad configuration or a group that matches no variable.
 *
 * Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019), algorithm 2; the decay is scaled by the learning
 * rate as in PyTorch.
 *
 * @example
 * ```ts
 * const variables = createVariables([["w", tf.tensor1d([1])]]);
 * const optimizer = createAdamW(variables, { learningRate: 0.1, weightDecay: 0 });
 * optimizer.apply(new Map([["w", Float32Array.of(2)]]));
 * console.assert(Math.abs((variables.get("w").dataSync()[0] ?? 0) - 0.9) < 1e-6);
 * ```
 */
export function createAdamW(variables: NamedVariables, config: AdamWConfig = {}): Optimizer {
  return new AdamW(variables, parseConfig("createAdamW", adamWConfigSchema, config));
}

interface Moments {
  readonly mean: Float32Array;
  readonly square: Float32Array;
}

class AdamW implements Optimizer {
  readonly variables: NamedVariables;
  readonly #config: z.output<typeof adamWConfigSchema>;
  readonly #factors: ReadonlyMap<string, GroupFactors>;
  readonly #schedule: Schedule;
  readonly #moments = new Map<string, Moments>();
  #step = 0;

  constructor(variables: NamedVariables, config: z.output<typeof adamWConfigSchema>) {
    this.variables = variables;
    this.#config = config;
    this.#schedule = createSchedule(config.learningRate);
    this.#factors = resolveGroups("createAdamW", variables.names(), config.groups, config.weightDecay);
    for (const [name, variable] of variables) {
      this.#moments.set(name, { mean: new Float32Array(variable.size), square: new Float32Array(variable.size) });
    }
  }

  get step(): number {
    return this.#step;
  }

  get learningRate(): number {
    return this.#schedule(this.#step);
  }

  apply(gradients: Gradients): void {
    const { beta1, beta2, epsilon } = this.#config;
    const time = this.#step + 1;
    const rate = this.learningRate;
    const correction = { mean: 1 - beta1 ** time, square: Math.sqrt(1 - beta2 ** time) };
    updateVariables("AdamW.apply", this.variables, gradients, (name, values, gradient) => {
      const factors = this.#factors.get(name) as GroupFactors;
      const own = rate * factors.learningRate;
      return adamUpdate(values, gradient, this.#moments.get(name) as Moments, {
        beta1,
        beta2,
        epsilon,
        keep: 1 - own * factors.weightDecay,
        stride: own / correction.mean,
        root: 1 / correction.square,
      });
    });
    this.#step = time;
  }

  state(): OptimizerState {
    const slots = new Map<string, Float32Array>();
    for (const [name, { mean, square }] of this.#moments) {
      slots.set(`mean/${name}`, mean.slice());
      slots.set(`square/${name}`, square.slice());
    }
    return { step: this.#step, slots };
  }

  restore(state: OptimizerState): void {
    const expected = new Map<string, number>();
    for (const [name, { mean }] of this.#moments) {
      expected.set(`mean/${name}`, mean.length).set(`square/${name}`, mean.length);
    }
    assertSlots("AdamW.restore", state, expected);
    for (const [name, { mean, square }] of this.#moments) {
      mean.set(state.slots.get(`mean/${name}`) as Float32Array);
      square.set(state.slots.get(`square/${name}`) as Float32Array);
    }
    this.#step = state.step;
  }
}

interface AdamStep {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** What weight decay leaves of a weight. */
  readonly keep: number;
  /** Learning rate over the bias correction of the mean. */
  readonly stride: number;
  /** Reciprocal root of the bias correction of the square. */
  readonly root: number;
}

/** Updates the moments in place and returns the new values. */
function adamUpdate(values: Float32Array, gradient: Float32Array, moments: Moments, step: AdamStep): Float32Array {
  const { mean, square } = moments;
  const { beta1, beta2, epsilon, keep, stride, root } = step;
  const result = new Float32Array(values.length);
  for (let index = 0; index < result.length; index += 1) {
    const slope = gradient[index] as number;
    const first = beta1 * (mean[index] as number) + (1 - beta1) * slope;
    const second = beta2 * (square[index] as number) + (1 - beta2) * slope * slope;
    mean[index] = first;
    square[index] = second;
    result[index] = keep * (values[index] as number) - (stride * first) / (Math.sqrt(second) * root + epsilon);
  }
  return result;
}
