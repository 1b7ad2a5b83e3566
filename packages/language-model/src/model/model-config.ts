import { ConfigError, parseConfig } from "@haps/spec";
import { z } from "zod";

/** Families of decoders that are known: what they share is the block, what differs is in the configuration. */
export const MODEL_FAMILIES = ["llama", "qwen2", "mistral"] as const;

const size = z.int().positive();

/** Stretches the slow rotary frequencies for contexts longer than trained on; Llama 3.1. */
const ropeScalingSchema = z.strictObject({
  factor: z.number().min(1),
  lowFrequencyFactor: z.number().positive(),
  highFrequencyFactor: z.number().positive(),
  /** Context of the training before scaling, in tokens. */
  originalContext: size,
});

/** Schema of {@link ModelConfig}. */
export const modelConfigSchema = z.strictObject({
  family: z.enum(MODEL_FAMILIES),
  /** Tokens of the vocabulary. */
  vocabulary: size,
  /** Width of the residual stream. */
  dim: size,
  layers: size,
  heads: size,
  /** Heads of keys and values, a divisor of `heads`. Default `heads`. */
  keyValueHeads: size.optional(),
  /** Width of one head, even. Default `dim / heads`. */
  headDim: size.optional(),
  /** Width of the gated feed-forward layer. */
  hidden: size,
  /** Added to the mean square in each RMS norm. Default 1e-6. */
  normEpsilon: z.number().positive().default(1e-6),
  ropeBase: z.number().gt(1).default(10_000),
  ropeScaling: ropeScalingSchema.optional(),
  /** Biases of query, key and value. Default: in Qwen2 only. */
  attentionBias: z.boolean().optional(),
  /** Bias of the attention's output. Default false. */
  outputBias: z.boolean().default(false),
  /** Biases of the feed-forward layer. Default false. */
  mlpBias: z.boolean().default(false),
  /** Whether the embedding also makes the logits. Default false. */
  tiedEmbeddings: z.boolean().default(false),
  /** Tokens that each token sees, itself included. Default: all before it. */
  slidingWindow: size.optional(),
  /** Most tokens of a sequence. */
  context: size,
  /** Ids that end a reply. Default none. */
  endTokens: z.array(z.int().min(0)).readonly().default([]),
  /** Id that begins a sequence. */
  beginToken: z.int().min(0).optional(),
});

/** Shape of a decoder, as a caller writes it. */
export interface ModelConfigInput extends z.input<typeof modelConfigSchema> {}

/** Shape of a decoder; every default filled in, checked. */
export interface ModelConfig extends z.output<typeof modelConfigSchema> {
  readonly keyValueHeads: number;
  readonly headDim: number;
  readonly attentionBias: boolean;
}

/**
 * Fills in the defaults of a model's shape and checks that its sizes fit together.
 *
 * @throws ConfigError naming every field that is wrong.
 *
 * @example
 * ```ts
 * const config = resolveModelConfig({ family: "llama", vocabulary: 64, dim: 16, layers: 2, heads: 4, hidden: 32, context: 128 });
 * console.assert(config.headDim === 4 && config.keyValueHeads === 4);
 * ```
 */
export function resolveModelConfig(input: ModelConfigInput): ModelConfig {
  const operation = "resolveModelConfig";
  const parsed = parseConfig(operation, modelConfigSchema, input);
  const config: ModelConfig = {
    ...parsed,
    keyValueHeads: parsed.keyValueHeads ?? parsed.heads,
    headDim: parsed.headDim ?? parsed.dim / parsed.heads,
    attentionBias: parsed.attentionBias ?? parsed.family === "qwen2",
  };
  const issues = [
    ...(Number.isInteger(config.headDim)
      ? []
      : [{ path: "heads", message: `${config.heads} heads do not divide dim ${config.dim}; give headDim` }]),
    ...(config.headDim % 2 === 1
      ? [{ path: "headDim", message: `${config.headDim} is odd; rotary positions turn pairs, so it must be even` }]
      : []),
    ...(config.heads % config.keyValueHeads === 0
      ? []
      : [{ path: "keyValueHeads", message: `${config.keyValueHeads} does not divide the ${config.heads} heads` }]),
    ...[...config.endTokens, ...(config.beginToken === undefined ? [] : [config.beginToken])]
      .filter((token) => token >= config.vocabulary)
      .map((token) => ({
        path: "endTokens",
        message: `token ${token} is outside the vocabulary of ${config.vocabulary}`,
      })),
  ];
  if (issues.length > 0) throw new ConfigError(operation, issues);
  return config;
}
