import type { LoraFactors, LoraWeights } from "@haps/spec";
import { type NamedArray, readVariables } from "@haps/tensor";
import { checkLora } from "../decoder/check-lora.ts";
import { type LanguageModel, languageModelFrom } from "../model/language-model.ts";
import type { ModelConfig } from "../model/model-config.ts";
import { attentionWidths, layerNames } from "../model/parameter-layout.ts";

/**
 * Makes a model whose weights have LoRA weights worked in, to export it or to check against.
 *
 * `W' = W + scale · up · down` for each target, summed in float64.
 *
 * @param model - Borrowed, left as it is.
 * @returns Independent of `model`; the caller disposes it.
 * @throws As `checkLora`.
 *
 * @example
 * ```ts
 * const shape = { family: "llama", vocabulary: 8, dim: 4, layers: 1, heads: 2, hidden: 8, context: 16 } as const;
 * const model = createLanguageModel({ ...shape, rng: createRng(1) });
 * const target = { layer: 0, projection: "o", in: 4, out: 4, rank: 1 } as const;
 * const factors = { target, down: new Float32Array([1, 0, 0, 0]), up: new Float32Array([0, 2, 0, 0]) };
 * const merged = mergeLora(model, { id: "a", targets: [factors], scale: 0.5 });
 * const name = "layers/0/output/kernel"; // [in, out]
 * const change = tf.sub(merged.variables.get(name), model.variables.get(name)).dataSync();
 * console.assert(Math.abs((change[1] ?? 0) - 1) < 1e-6 && change[4] === 0);
 * for (const made of [model, merged]) made.dispose();
 * ```
 */
export function mergeLora(model: LanguageModel, weights: LoraWeights): LanguageModel {
  const { config } = model;
  checkLora(weights, config);
  const arrays = readVariables(model.variables);
  for (const factors of weights.targets) {
    const { name, column } = placeOf(factors, config);
    addUpdate(arrays.get(name) as NamedArray, factors, weights.scale, column);
  }
  return languageModelFrom(config, arrays);
}

/** The kernel that holds a target, and its first column in there. */
export function placeOf(
  { target }: Pick<LoraFactors, "target">,
  config: ModelConfig,
): { readonly name: string; readonly column: number } {
  const { query, key } = attentionWidths(config);
  const names = layerNames(target.layer);
  const places = {
    q: [names.attention, 0],
    k: [names.attention, query],
    v: [names.attention, query + key],
    o: [names.output, 0],
    gate: [names.gateUp, 0],
    up: [names.gateUp, config.hidden],
    down: [names.down, 0],
  } as const;
  const [prefix, column] = places[target.projection];
  return { name: `${prefix}/kernel`, column };
}

function addUpdate(
  { values, shape }: NamedArray,
  { target, down, up }: LoraFactors,
  scale: number,
  column: number,
): void {
  const { in: inputs, out: outputs, rank } = target;
  const width = shape[1] as number;
  for (let input = 0; input < inputs; input += 1) {
    for (let output = 0; output < outputs; output += 1) {
      let sum = 0;
      for (let index = 0; index < rank; index += 1) {
        sum += (up[output * rank + index] as number) * (down[index * inputs + input] as number);
      }
      const at = input * width + column + output;
      values[at] = (values[at] as number) + scale * sum;
    }
  }
}
