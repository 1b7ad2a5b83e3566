import { createHash } from "node:crypto";
import { type HapsConfig, type HapsModel, type HapsParts, modelArrays, restoreHapsModel } from "@haps/orchestrator";
import type { FitContext } from "@haps/spec";
import type { NamedArray } from "@haps/tensor";

/** Trains a model on a context, to the end. */
export type TrainModel = (context: FitContext, config: HapsConfig) => Promise<HapsModel>;

/**
 * Remembers the last trained model, so that two methods which differ only in how they use it, as `haps` and
 * `haps-operating-point` do, train once per fold and process. Every call gives a model of its own.
 */
export function trainOnce(train: TrainModel, parts: HapsParts): TrainModel {
  let last:
    | { readonly key: string; readonly model: HapsModel; readonly arrays: ReadonlyMap<string, NamedArray> }
    | undefined;
  return async (context, config) => {
    context.signal?.throwIfAborted();
    const key = keyOf(context, config);
    if (last?.key === key) return restoreHapsModel(last.model.config, last.arrays, last.model.featurizer, parts);
    const model = await train(context, config);
    last = { key, model, arrays: modelArrays(model) };
    return model;
  };
}

function keyOf({ training, seed, costWeights }: FitContext, config: HapsConfig): string {
  const hash = createHash("sha256").update(JSON.stringify([training.hash, seed, costWeights ?? null, config]));
  for (const { question } of training.rows) hash.update(`${JSON.stringify([question.id, question.text])}\n`);
  // A table cut out of another one carries the other's hash, so its outcomes count by themselves.
  return hash
    .update(new Uint8Array(training.score.buffer, training.score.byteOffset, training.score.byteLength))
    .digest("hex");
}
