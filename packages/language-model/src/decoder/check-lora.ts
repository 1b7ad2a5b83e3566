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
    const expected = projectionSize(config, target.projection);
    if (target.in === expected.in && target.out === expected.out) continue;
    throw new HapsError(
      "config",
      `${where} with in ${target.in}, out ${target.out}; expected in ${expected.in}, out ${expected.out}; make the weights for this model`,
      { target, expected },
    );
  }
}

/** Inputs and outputs of a projection of a model, as a `LoraTarget` names them. */
export function projectionSize(
  config: ModelConfig,
  projection: LoraTarget["projection"],
): Pick<LoraTarget, "in" | "out"> {
  const { query, key } = attentionWidths(config);
  const { dim, hidden } = config;
  const sizes: Readonly<Record<LoraTarget["projection"], Pick<LoraTarget, "in" | "out">>> = {
    q: { in: dim, out: query },
    k: { in: dim, out: key },
    v: { in: dim, out: key },
    o: { in: query, out: dim },
    gate: { in: dim, out: hidden },
    up: { in: dim, out: hidden },
    down: { in: hidden, out: dim },
  };
  return sizes[projection];
}
