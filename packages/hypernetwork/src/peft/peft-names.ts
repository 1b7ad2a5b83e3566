import { LORA_PROJECTIONS, type LoraTarget } from "@haps/spec";

/** File names of an adapter folder. */
export const PEFT_CONFIG_FILE = "adapter_config.json";
export const PEFT_MODEL_FILE = "adapter_model.safetensors";

/** Modules of a Hugging Face decoder layer. */
const MODULES: Readonly<Record<LoraTarget["projection"], string>> = {
  q: "self_attn.q_proj",
  k: "self_attn.k_proj",
  v: "self_attn.v_proj",
  o: "self_attn.o_proj",
  gate: "mlp.gate_proj",
  up: "mlp.up_proj",
  down: "mlp.down_proj",
};

const PREFIX = "base_model.model.";
// Adapters of a model without its head lack the second `model.`.
const TENSOR = /^base_model\.model\.(?:model\.)?layers\.(0|[1-9]\d{0,5})\.(\w+\.\w+)\.lora_([AB])\.weight$/;

/** PEFT's letters for a factor: its A is `down`, its B is `up`; the HAPS paper has them the other way round. */
export const PEFT_LETTERS = { down: "A", up: "B" } as const;

/** Where a tensor of an adapter belongs. */
export interface PeftTensorName {
  readonly layer: number;
  readonly projection: LoraTarget["projection"];
  readonly factor: "down" | "up";
}

/** `layers.3.self_attn.o_proj`: the end of the module's name in every decoder. */
export function peftModule(target: Pick<LoraTarget, "layer" | "projection">): string {
  return `layers.${target.layer}.${MODULES[target.projection]}`;
}

/** `o_proj`: the name that PEFT's lists of target modules use for all layers. */
export function peftProjection(projection: LoraTarget["projection"]): string {
  return MODULES[projection].slice(MODULES[projection].indexOf(".") + 1);
}

/** Name of a factor's tensor in an adapter of a causal language model. */
export function peftTensorName(target: LoraTarget, factor: "down" | "up"): string {
  return `${PREFIX}model.${peftModule(target)}.lora_${PEFT_LETTERS[factor]}.weight`;
}

/** What a tensor's name says; `undefined` for one that is no factor of a known projection. */
export function parsePeftTensorName(name: string): PeftTensorName | undefined {
  const match = TENSOR.exec(name);
  const projection = LORA_PROJECTIONS.find((known) => MODULES[known] === match?.[2]);
  if (match === null || projection === undefined) return undefined;
  return { layer: Number(match[1]), projection, factor: match[3] === "A" ? "down" : "up" };
}

/** Orders targets by layer, then by computation. */
export function compareTargets(
  left: Pick<LoraTarget, "layer" | "projection">,
  right: Pick<LoraTarget, "layer" | "projection">,
): number {
  const placeOf = (projection: LoraTarget["projection"]): number => LORA_PROJECTIONS.indexOf(projection);
  return left.layer - right.layer || placeOf(left.projection) - placeOf(right.projection);
}
