import { type ArmIndex, armLogProbs } from "@haps/reward";
import { type Policy, type PolicyBatch, tidyValue } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/**
 * Joint log-probabilities of all actions, averaged over the members of an ensemble: a geometric mean, up to a constant.
 *
 * @param batch - Makes the batch inside the tidy; its tensors are freed.
 * @returns `[batch, actions]` row-major.
 */
export function actionLogProbs(policies: readonly Policy[], index: ArmIndex, batch: () => PolicyBatch): Float32Array {
  return tidyValue(() => {
    const input = batch();
    const members = policies.map((policy) => {
      const { assignments, settings } = armLogProbs(index, policy.forward(input));
      return settings === null ? assignments : tf.add(assignments, settings);
    });
    const mean = members.length === 1 ? (members[0] as tf.Tensor) : tf.div(tf.addN(members), members.length);
    return mean.dataSync<"float32">();
  });
}
