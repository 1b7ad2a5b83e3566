import { type LanguageModel, languageModelFrom } from "@haps/language-model";
import type { LoraFactors, LoraTarget, LoraWeights } from "@haps/spec";
import { type NamedArray, readVariables } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/** A copy of a model that takes LoRA weights by having its kernels replaced. */
export interface MergedModel {
  /** The caller disposes it. */
  readonly model: LanguageModel;
  /** Makes every kernel W + scale · up · down of these weights, dense; without weights W. */
  use(lora: LoraWeights | undefined): void;
}

/** Merges as the authors' code does, once for all calls of equal weights. */
export function createMergedModel(original: LanguageModel): MergedModel {
  const arrays = readVariables(original.variables);
  const model = languageModelFrom(original.config, arrays);
  const changed = new Set<string>();
  const assign = (name: string, update?: { readonly factors: LoraFactors; readonly scale: number }): void => {
    const { values, shape } = arrays.get(name) as NamedArray;
    tf.tidy(() => {
      const kernel = tf.tensor2d(values, shape as [number, number]);
      model.variables.get(name).assign(update === undefined ? kernel : tf.add(kernel, denseUpdate(update)));
    });
  };
  return {
    model,
    use(lora) {
      for (const name of changed) assign(name);
      changed.clear();
      for (const factors of lora?.targets ?? []) {
        const name = kernelOf(factors.target);
        assign(name, { factors, scale: lora?.scale ?? 0 });
        changed.add(name);
      }
    },
  };
}

/** ΔW as kernels lie, `[in, out]`. */
function denseUpdate({ factors, scale }: { readonly factors: LoraFactors; readonly scale: number }): tf.Tensor {
  const { target, down, up } = factors;
  const left = tf.tensor2d(down, [target.rank, target.in]);
  const right = tf.tensor2d(up, [target.out, target.rank]);
  return tf.mul(tf.matMul(left, right, true, true), scale);
}

function kernelOf({ layer, projection }: LoraTarget): string {
  if (projection === "o") return `layers/${layer}/output/kernel`;
  throw new Error(`the benchmark merges output projections only, not ${projection} of layer ${layer}`);
}
