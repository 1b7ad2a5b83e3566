import { HapsError, type LoraFactors, type LoraTarget, type LoraWeights } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import type { LoraTensors } from "./contracts.ts";
import { firstNonFinite } from "./first-non-finite.ts";
import { loraTargetName } from "./lora-target-name.ts";
import { assertShape } from "./shape.ts";
import { tidyValue } from "./tidy-value.ts";

const OPERATION = "loraWeightsOf";

/**
 * Reads the LoRA weights of one sample out of a batch, as they cross the border to an engine; reads synchronously.
 *
 * @param tensors - Borrowed; `down` is `[batch, rank, in]`, `up` is `[batch, out, rank]`.
 * @param row - Sample of the batch.
 * @param id - Names the weights; equal ids must mean equal weights.
 * @returns Copies that share nothing with the tensors.
 * @throws HapsError code `config` for a row outside the batch; code `non-finite` naming target, factor and position; ShapeError code
 *   `shape` for factors that do not fit their target.
 *
 * @example
 * ```ts
 * const target = { layer: 0, projection: "o", in: 2, out: 3, rank: 1 } as const;
 * const tensors = { targets: [{ target, down: tf.ones<tf.Rank.R3>([4, 1, 2]), up: tf.zeros<tf.Rank.R3>([4, 3, 1]) }], scale: 0.01 };
 * const weights = loraWeightsOf(tensors, 3, "question 7");
 * console.assert(weights.targets[0]?.down.join() === "1,1" && weights.scale === 0.01);
 * ```
 */
export function loraWeightsOf(tensors: LoraTensors, row: number, id: string): LoraWeights {
  const targets = tensors.targets.map(({ target, down, up }): LoraFactors => {
    assertShape(OPERATION, `${loraTargetName(target)} down`, down, [null, target.rank, target.in]);
    assertShape(OPERATION, `${loraTargetName(target)} up`, up, [down.shape[0], target.out, target.rank]);
    const read = (factor: string, tensor: tf.Tensor3D): Float32Array => readRow(tensor, row, target, factor);
    return { target, down: read("down", down), up: read("up", up) };
  });
  return { id, targets, scale: tensors.scale };
}

function readRow(tensor: tf.Tensor3D, row: number, target: LoraTarget, factor: string): Float32Array {
  const [batch, rows, columns] = tensor.shape;
  if (!(Number.isInteger(row) && row >= 0 && row < batch)) {
    throw new HapsError("config", `${OPERATION}: row ${row} of a batch of ${batch}; give one in [0, ${batch})`, {
      row,
      batch,
    });
  }
  const values = tidyValue(() =>
    Float32Array.from(tf.slice(tensor, [row, 0, 0], [1, rows, columns]).dataSync<"float32">()),
  );
  const position = firstNonFinite(values);
  if (position < 0) return values;
  throw new HapsError(
    "non-finite",
    `${OPERATION}: ${loraTargetName(target)} ${factor} has ${values[position]} at position ${position} of row ${row}; lower the learning rate or clip`,
    { target, factor, position, row },
  );
}
