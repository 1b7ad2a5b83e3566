import { HapsError, type LoraTarget, type LoraWeights, quoteValue } from "@haps/spec";
import { checkLoraWeights, loraTargetName } from "@haps/tensor";
import type { ModelConfig } from "../model/model-config.ts";
import { attentionWidths } from "../model/parameter-layout.ts";

const OPERATION = "checkLora";

/**
 * Checks that LoRA weights fit a model, by name.
 *
 * @throws As `checkLoraWeights`; HapsError code `config` for a layer that the model does not have, or another `in` or `out`.
 */
export function checkLora(weights: LoraWeights, config: ModelConfig): void {
  checkLoraWeights(OPERATION, weights);
  for (const { target } of weights.targets) {
    const where = `${OPERATION}: the LoRA weights ${quoteValue(weights.id)} have ${loraTargetName(target)}`;
    if (target.layer >= config.layers) {
      throw new HapsError("config", `${where}; the model has the layers 0 to ${config.layers - 1}`, { target });
    }
    const [inputs, outputs] = projectionSize(config, target.projection);
    if (target.in === inputs && target.out === outputs) continue;
    throw new HapsError(
      "config",
      `${where} with in ${target.in}, out ${target.out}; expected in ${inputs}, out ${outputs}; make the weights for this model`,
      { target, expected: [inputs, outputs] },
    );
  }
}

/** Inputs and outputs of a projection of a model. */
export function projectionSize(config: ModelConfig, projection: LoraTarget["projection"]): readonly [number, number] {
  const { query, key } = attentionWidths(config);
  const sizes: Readonly<Record<LoraTarget["projection"], readonly [number, number]>> = {
    q: [config.dim, query],
    k: [config.dim, key],
    v: [config.dim, key],
    o: [query, config.dim],
    gate: [config.dim, config.hidden],
    up: [config.dim, config.hidden],
    down: [config.hidden, config.dim],
  };
  return sizes[projection];
}
