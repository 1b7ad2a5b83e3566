import type { LoraWeights } from "@haps/spec";
import type { LoraTensors } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { ModelConfig } from "../model/model-config.ts";
import { checkLora } from "./check-lora.ts";

/** Weights of several samples as tensors, grouped by target. */
export interface LoraSamples {
  /** One per set of targets: samples whose weights have other targets, ranks or scales stand in another group. */
  readonly factors: LoraTensors;
  /** Sample of each call in this group, -1 where it has none. */
  readonly sampleOf: readonly number[];
}

/**
 * Turns the weights of a batch of calls into tensors, equal shapes stacked.
 *
 * @param weights - Per call; `undefined` for the base model.
 * @returns Groups, none when no call has weights; the caller owns the tensors.
 * @throws As {@link checkLora}.
 */
export function loraSamplesOf(
  weights: readonly (LoraWeights | undefined)[],
  config: ModelConfig,
): readonly LoraSamples[] {
  const groups = new Map<string, number[]>();
  weights.forEach((entry, call) => {
    if (entry === undefined || entry.targets.length === 0) return;
    checkLora(entry, config);
    const key = JSON.stringify([entry.scale, entry.targets.map(({ target }) => target)]);
    groups.set(key, [...(groups.get(key) ?? []), call]);
  });
  return [...groups.values()].map((calls) => {
    const sampleOf = weights.map((_, call) => calls.indexOf(call));
    const first = weights[calls[0] as number] as LoraWeights;
    const targets = first.targets.map(({ target }, index) => {
      const stacked = (factor: "down" | "up", rows: number, columns: number): tf.Tensor3D => {
        const size = rows * columns;
        const values = new Float32Array(calls.length * size);
        calls.forEach((call, sample) => {
          const factors = weights[call]?.targets[index];
          if (factors !== undefined) values.set(factors[factor], sample * size);
        });
        return tf.tensor3d(values, [calls.length, rows, columns]);
      };
      return { target, down: stacked("down", target.rank, target.in), up: stacked("up", target.out, target.rank) };
    });
    return { factors: { targets, scale: first.scale }, sampleOf };
  });
}
