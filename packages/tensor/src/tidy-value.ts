import * as tf from "@tensorflow/tfjs";

/**
 * Runs a synchronous computation that reads numbers out of tensors, and frees every tensor it made.
 *
 * @returns Whatever `compute` returns, which must hold no tensor made inside. Variables survive.
 */
export function tidyValue<Value>(compute: () => Value): Value {
  const results: Value[] = [];
  tf.tidy(() => {
    results.push(compute());
  });
  return results[0] as Value;
}
