import type { ModelConfig } from "../model/model-config.ts";

/** Name of each family's model in transformers. */
export const ARCHITECTURES: Readonly<Record<ModelConfig["family"], string>> = {
  llama: "LlamaForCausalLM",
  qwen2: "Qwen2ForCausalLM",
  mistral: "MistralForCausalLM",
};
