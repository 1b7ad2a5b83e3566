import * as tf from "@tensorflow/tfjs";

/** A gradient that is worked out only if somebody asks for it. */
export type LazyGradient = () => tf.Tensor;

/** An operation with its own backward pass. */
export interface DifferentiableOperation<Name extends string> {
  /** Borrowed. */
  readonly inputs: Readonly<Record<Name, tf.Tensor>>;
  /** The result; hand `save` the tensors, at most once, that the backward pass needs. */
  readonly forward: (save: (tensors: tf.Tensor[]) => void) => tf.Tensor;
  /** One gradient per input, of that input's shape; `saved` is what `forward` saved, in its order. */
  readonly backward: (gradient: tf.Tensor, saved: readonly tf.Tensor[]) => Readonly<Record<Name, LazyGradient>>;
}

/** The part of tfjs's engine that is used here and that its typings hide. */
interface KernelRunner {
  runKernelFunc(call: {
    inputs: Readonly<Record<string, tf.Tensor>>;
    forwardFunc: (backend: unknown, save: (tensors: tf.Tensor[]) => void) => tf.Tensor;
    backwardsFunc: (gradient: tf.Tensor, saved: tf.Tensor[]) => Readonly<Record<string, LazyGradient>>;
  }): tf.Tensor;
}

/**
 * Runs an operation with its own gradient, like `tf.customGrad`, but works out only the gradients that are asked for.
 *
 * `tf.customGrad` computes the gradient of every argument; with frozen weights most of that work is thrown away. The exact
 * tfjs version is a peer dependency, which makes the untyped entry safe to use.
 *
 * @returns What `forward` made; the caller owns it. Its other tensors are freed.
 */
export function differentiable<Name extends string>(operation: DifferentiableOperation<Name>): tf.Tensor {
  // The typings mark the entry private; `tf.customGrad` itself is a thin wrapper around it.
  const engine = tf.engine() as unknown as KernelRunner;
  return engine.runKernelFunc({
    inputs: operation.inputs,
    forwardFunc: (_backend, save) => operation.forward(save),
    backwardsFunc: (gradient, saved) => operation.backward(gradient, saved),
  });
}
