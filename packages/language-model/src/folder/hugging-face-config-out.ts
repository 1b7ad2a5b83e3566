import { HapsError } from "@haps/spec";
import type { SafetensorsDtype } from "@haps/tensor";
import type { ModelConfig } from "../model/model-config.ts";
import { ARCHITECTURES } from "./architectures.ts";

const DTYPES = { f32: "float32", f16: "float16", bf16: "bfloat16" } as const;

/**
 * `config.json` of a model, in the spelling that every version of transformers reads.
 *
 * @throws HapsError code `config` for a shape that the family cannot have there, such as biases of the attention's output in Qwen2.
 */
export function huggingFaceConfig(config: ModelConfig, dtype: SafetensorsDtype): Readonly<Record<string, unknown>> {
  const { family, ropeScaling } = config;
  assertExpressible(config);
  return {
    architectures: [ARCHITECTURES[family]],
    model_type: family,
    vocab_size: config.vocabulary,
    hidden_size: config.dim,
    intermediate_size: config.hidden,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads,
    head_dim: config.headDim,
    hidden_act: "silu",
    rms_norm_eps: config.normEpsilon,
    rope_theta: config.ropeBase,
    rope_scaling:
      ropeScaling === undefined
        ? null
        : {
            rope_type: "llama3",
            factor: ropeScaling.factor,
            low_freq_factor: ropeScaling.lowFrequencyFactor,
            high_freq_factor: ropeScaling.highFrequencyFactor,
            original_max_position_embeddings: ropeScaling.originalContext,
          },
    ...(family === "llama" ? { attention_bias: config.attentionBias, mlp_bias: config.mlpBias } : {}),
    ...(family === "qwen2" ? { use_sliding_window: false } : {}),
    ...(family === "mistral" ? { sliding_window: config.slidingWindow ?? null } : {}),
    tie_word_embeddings: config.tiedEmbeddings,
    max_position_embeddings: config.context,
    bos_token_id: config.beginToken ?? null,
    eos_token_id: config.endTokens.length > 1 ? [...config.endTokens] : (config.endTokens[0] ?? null),
    torch_dtype: DTYPES[dtype],
  };
}

/** What the family's own implementation cannot compute must not be written under its name. */
function assertExpressible(config: ModelConfig): void {
  const { family, attentionBias, outputBias, mlpBias, slidingWindow } = config;
  const problems = [
    family === "llama" && attentionBias !== outputBias && "Llama has biases of all four attention maps or of none",
    family !== "llama" && (outputBias || mlpBias) && `${family} has no biases of the output or the feed-forward layer`,
    family === "qwen2" && !attentionBias && "Qwen2 has biases of query, key and value",
    family === "mistral" && attentionBias && "Mistral has no biases",
    family !== "mistral" && slidingWindow !== undefined && `${family} has no sliding window`,
  ].filter((problem) => problem !== false);
  if (problems.length === 0) return;
  throw new HapsError("config", `saveLanguageModel: ${problems.join("; ")}; choose another family`, {
    family,
    problems,
  });
}
