import { HapsError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { firstNonFinite } from "./first-non-finite.ts";
import { freeTape } from "./free-tape.ts";
import { clipByGlobalNorm, globalNorm } from "./optimizers/clip-by-global-norm.ts";
import type { Gradients, Optimizer } from "./optimizers/optimizer.ts";
import { tidyValue } from "./tidy-value.ts";
import type { NamedVariables } from "./variables.ts";

/** Loss and gradients as numbers; nothing stays in tfjs. */
export interface LossAndGradients {
  readonly loss: number;
  /** By variable name; variables that the loss does not use are absent. */
  readonly gradients: Gradients;
}

/**
 * Computes a loss and its gradients with respect to the given variables only.
 *
 * @param variables - Borrowed.
 * @param loss - Builds the scalar loss, synchronously; its tensors are freed, also when it throws.
 * @param step - Named in errors; default 0.
 * @returns Plain arrays.
 * @throws HapsError code `non-finite` naming the tensor and the step; code `shape` when the loss is no scalar; code `state` when it
 *   uses none of the variables.
 *
 * @example
 * ```ts
 * const variables = createVariables([["w", tf.tensor1d([3])]]);
 * const { loss, gradients } = lossAndGradients(variables, () => tf.sum(tf.square(variables.get("w"))));
 * console.assert(loss === 9 && gradients.get("w")?.[0] === 6);
 * ```
 */
export function lossAndGradients(variables: NamedVariables, loss: () => tf.Tensor, step = 0): LossAndGradients {
  return tidyValue(() => {
    const nameOf = new Map([...variables].map(([name, variable]) => [variable.name, name]));
    const { value, grads } = differentiate(variables, loss);
    const number = value.dataSync()[0] as number;
    if (!Number.isFinite(number)) throw nonFinite("the loss", number, step);
    const found = new Map<string, Float32Array>();
    for (const [internal, gradient] of Object.entries(grads)) {
      if (gradient === null) continue;
      found.set(nameOf.get(internal) as string, gradient.dataSync<"float32">());
    }
    const gradients = new Map<string, Float32Array>();
    for (const name of variables.names()) {
      const gradient = found.get(name);
      if (gradient === undefined) continue;
      const bad = firstNonFinite(gradient);
      if (bad >= 0) throw nonFinite(`the gradient of "${name}"`, gradient[bad] as number, step);
      gradients.set(name, gradient);
    }
    return { loss: number, gradients };
  });
}

/** What one update did. */
export interface TrainStepResult {
  readonly loss: number;
  /** Norm of all gradients before clipping. */
  readonly gradientNorm: number;
  readonly clipped: boolean;
  /** Learning rate that was used. */
  readonly learningRate: number;
  /** Updates applied before this one. */
  readonly step: number;
}

/** Options of {@link trainStep}. */
export interface TrainStepOptions {
  /** Highest joint norm of the gradients, > 0. Absent: no clipping. */
  readonly clipNorm?: number;
}

/**
 * One update: loss, gradients of the optimiser's variables, check, clip, apply, free.
 *
 * Nothing is written when a number is not finite, so that the caller can save the last good state.
 *
 * @param optimizer - Borrowed; its variables are the ones that are trained.
 * @param loss - Builds the scalar loss, synchronously; its tensors are freed.
 * @throws HapsError as {@link lossAndGradients}.
 *
 * @example
 * ```ts
 * const variables = createVariables([["w", tf.tensor1d([3])]]);
 * const optimizer = createSgd(variables, { learningRate: 0.5 });
 * const result = trainStep(optimizer, () => tf.sum(tf.square(variables.get("w"))));
 * console.assert(result.loss === 9 && variables.get("w").dataSync()[0] === 0);
 * ```
 */
export function trainStep(
  optimizer: Optimizer,
  loss: () => tf.Tensor,
  options: TrainStepOptions = {},
): TrainStepResult {
  const { step, learningRate } = optimizer;
  const computed = lossAndGradients(optimizer.variables, loss, step);
  const { norm, gradients } =
    options.clipNorm === undefined
      ? { norm: globalNorm(computed.gradients), gradients: computed.gradients }
      : clipByGlobalNorm(computed.gradients, options.clipNorm);
  optimizer.apply(gradients);
  return { loss: computed.loss, gradientNorm: norm, clipped: gradients !== computed.gradients, learningRate, step };
}

function differentiate(
  variables: NamedVariables,
  loss: () => tf.Tensor,
): { value: tf.Tensor; grads: Readonly<Record<string, tf.Tensor | null>> } {
  const list = [...variables].map(([, variable]) => variable);
  if (list.length === 0) {
    throw new HapsError(
      "state",
      "lossAndGradients: there are no variables; got 0, expected at least one; make the model first",
    );
  }
  const scalar = (): tf.Scalar => {
    const value = loss();
    if (!(value instanceof tf.Tensor)) {
      throw new HapsError(
        "shape",
        "lossAndGradients: the loss is no tensor; expected a scalar; return one, from a function that is not async: no tape survives an await",
      );
    }
    if (value.size !== 1) {
      throw new HapsError(
        "shape",
        `lossAndGradients: the loss has shape [${value.shape.join(", ")}]; expected a scalar; reduce it with a sum or a mean`,
        { actual: value.shape },
      );
    }
    return tf.reshape(value, []);
  };
  try {
    return tf.variableGrads(scalar, list);
  } catch (error) {
    freeTape();
    if (!(error instanceof Error && error.message.includes("Cannot find a connection"))) throw error;
    throw new HapsError(
      "state",
      `lossAndGradients: the loss uses none of the ${list.length} variables; build it from them`,
      { variables: variables.names() },
      { cause: error },
    );
  }
}

function nonFinite(what: string, value: number, step: number): HapsError {
  return new HapsError(
    "non-finite",
    `trainStep: ${what} is ${value} at step ${step}; expected finite numbers; lower the learning rate, clip, or check the data`,
    { tensor: what, value, step },
  );
}
