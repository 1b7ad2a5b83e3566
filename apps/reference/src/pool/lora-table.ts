import type { LoraSpace } from "@haps/spec";
import { createVariables, type LoraGenerator, type LoraTensors, type Rng } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/**
 * Trainable LoRA weights for each of several classes, without a network: what a generator could do if it only had to know the class.
 *
 * Starts at no effect: `up` is 0, `down` normal with deviation `1 / √in`, the same for every class (Hu et al. 2021, section 4.1).
 *
 * @returns Its hidden states are one-hot rows, `[batch, classes]`; the caller owns the variables.
 */
export function createLoraTable(space: LoraSpace, classes: number, rng: Rng): LoraGenerator {
  const names = space.targets.map(({ layer, projection }) => `${layer}/${projection}`);
  const variables = createVariables(
    space.targets.flatMap((target, index) => {
      const down = rng.fork(`${names[index]}`).normals(target.rank * target.in, 1 / Math.sqrt(target.in));
      const rows = new Float32Array(classes * down.length);
      for (let row = 0; row < classes; row += 1) rows.set(down, row * down.length);
      const size = target.out * target.rank;
      return [
        [`${names[index]}/down`, { shape: [classes, down.length], values: rows }] as const,
        [`${names[index]}/up`, { shape: [classes, size], values: new Float32Array(classes * size) }] as const,
      ];
    }),
  );
  return {
    variables,
    space,
    generate(hidden): LoraTensors {
      const batch = hidden.shape[0];
      const pick = (name: string, shape: readonly [number, number]): tf.Tensor3D =>
        tf.reshape(tf.matMul(hidden, variables.get(name) as tf.Tensor2D), [batch, shape[0], shape[1]]);
      const targets = space.targets.map((target, index) => ({
        target,
        down: pick(`${names[index]}/down`, [target.rank, target.in]),
        up: pick(`${names[index]}/up`, [target.out, target.rank]),
      }));
      return { targets, scale: space.scale };
    },
  };
}
