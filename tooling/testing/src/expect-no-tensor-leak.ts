import * as tf from "@tensorflow/tfjs";

/**
 * Fails when a synchronous function leaves more tensors or bytes behind than those it returns; disposes what it returns.
 *
 * It runs once before counting, so that caches may fill, then `repeats` times. Never wrap it in `tf.tidy`: that hides leaks.
 */
export function expectNoTensorLeak(run: () => tf.TensorContainer, repeats = 3): void {
  tf.dispose(run());
  const before = count();
  for (let repeat = 0; repeat < repeats; repeat += 1) tf.dispose(run());
  const after = count();
  if (after.tensors === before.tensors && after.bytes === before.bytes) return;
  throw new Error(
    `expectNoTensorLeak: ${after.tensors - before.tensors} tensors (${after.bytes - before.bytes} bytes) remain after ${repeats} calls`,
  );
}

function count(): { readonly tensors: number; readonly bytes: number } {
  const { numTensors, numBytes } = tf.memory();
  return { tensors: numTensors, bytes: numBytes };
}
