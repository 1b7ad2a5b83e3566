import * as tf from "@tensorflow/tfjs";

/** The part of tfjs's engine that is used here and that its typings hide. */
interface TapeHolder {
  readonly state: {
    gradientDepth: number;
    activeTape: { readonly saved: readonly tf.Tensor[] }[] | null;
  };
}

/**
 * Frees what operations saved for a backward pass that an error kept from running; tfjs itself frees it only after success.
 *
 * Inside an outer gradient it does nothing: the tape is shared, and the outer pass frees it.
 */
export function freeTape(): void {
  const { state } = tf.engine() as unknown as TapeHolder;
  if (state.gradientDepth > 0 || state.activeTape === null) return;
  for (const node of state.activeTape) for (const tensor of node.saved) tensor.dispose();
  state.activeTape = null;
}
