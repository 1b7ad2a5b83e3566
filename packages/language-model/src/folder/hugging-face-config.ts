import { DataError, HapsError, quoteValue } from "@haps/spec";
import { z } from "zod";
import { type ModelConfig, type ModelConfigInput, resolveModelConfig } from "../model/model-config.ts";

const count = z.int().positive();
const tokens = z.union([z.int().min(0), z.array(z.int().min(0))]).nullish();

const ropeSchema = z.looseObject({
  rope_type: z.string().optional(),
  /** Older spelling of `rope_type`. */
  type: z.string().optional(),
  rope_theta: z.number().gt(1).optional(),
  factor: z.number().min(1).optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: count.optional(),
});

/** The fields of `config.json` that are read; others are left alone unless they name something unsupported. */
const fileSchema = z.looseObject({
  model_type: z.string(),
  vocab_size: count,
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  rms_norm_eps: z.number().positive().optional(),
  rope_theta: z.number().gt(1).optional(),
  rope_scaling: ropeSchema.nullish(),
  /** Spelling since transformers 5: base and scaling in one object. */
  rope_parameters: ropeSchema.nullish(),
  attention_bias: z.boolean().optional(),
  mlp_bias: z.boolean().optional(),
  tie_word_embeddings: z.boolean().optional(),
  sliding_window: count.nullish(),
  use_sliding_window: z.boolean().optional(),
  hidden_act: z.string().optional(),
  max_position_embeddings: count,
  bos_token_id: z.union([z.int().min(0), z.array(z.int().min(0))]).nullish(),
  eos_token_id: tokens,
});

type ConfigFile = z.output<typeof fileSchema>;

const generationSchema = z.looseObject({ eos_token_id: tokens });

const FAMILIES: Readonly<Record<string, ModelConfig["family"]>> = {
  llama: "llama",
  qwen2: "qwen2",
  mistral: "mistral",
};

/** Fields that change the computation, with what is computed here. */
const UNSUPPORTED: readonly (readonly [field: string, harmless: (value: unknown) => boolean, advice: string])[] = [
  ["quantization_config", isAbsent, "use the model's unquantised weights"],
  ["num_local_experts", isAbsent, "mixtures of experts are not supported; use a dense model"],
  ["num_experts", isAbsent, "mixtures of experts are not supported; use a dense model"],
  ["partial_rotary_factor", (value) => isAbsent(value) || value === 1, "only whole heads are rotated"],
];

/** Texts of the files that describe a model. */
export interface ConfigTexts {
  /** `config.json`. */
  readonly config: string;
  /** `generation_config.json`, where there is one: it may name further end tokens. */
  readonly generation?: string;
  /** Names of the files in errors. */
  readonly files: { readonly config: string; readonly generation: string };
}

/**
 * Reads the shape of a model from Hugging Face's `config.json`.
 *
 * Both spellings of the rotary settings are read: `rope_theta` with `rope_scaling`, and `rope_parameters`. End tokens are those of
 * `generation_config.json` together with those of `config.json`.
 *
 * @throws DataError code `data`, naming file and field, for anything missing, of a wrong type, or not supported: other architectures,
 *   activations, rotary scalings than `llama3`, Qwen2's sliding windows, quantised weights, mixtures of experts.
 *
 * @example
 * ```ts
 * const file = { model_type: "llama", vocab_size: 64, hidden_size: 16, intermediate_size: 32, num_hidden_layers: 2,
 *   num_attention_heads: 4, max_position_embeddings: 128, eos_token_id: 2 };
 * const files = { config: "config.json", generation: "generation_config.json" };
 * const config = parseHuggingFaceConfig({ config: JSON.stringify(file), files });
 * console.assert(config.dim === 16 && config.endTokens.join() === "2");
 * ```
 */
export function parseHuggingFaceConfig(texts: ConfigTexts): ModelConfig {
  const { files } = texts;
  const record = parseObject(texts.config, files.config);
  const family = familyOf(record, files.config);
  for (const [field, harmless, advice] of UNSUPPORTED) {
    if (!harmless(record[field])) throw unsupported(files.config, field, record[field], advice);
  }
  const file = parseWith(fileSchema, record, files.config);
  if ((file.hidden_act ?? "silu") !== "silu") {
    throw unsupported(files.config, "hidden_act", file.hidden_act, 'only "silu" is supported');
  }
  const generation =
    texts.generation === undefined
      ? {}
      : parseWith(generationSchema, parseObject(texts.generation, files.generation), files.generation);
  const endTokens = [...new Set([...listOf(file.eos_token_id), ...listOf(generation.eos_token_id)])];
  return resolve({ ...sizesOf(file), ...detailsOf(file, family, files.config), family, endTokens }, files.config);
}

function familyOf(record: Readonly<Record<string, unknown>>, file: string): ModelConfig["family"] {
  const family = typeof record.model_type === "string" ? FAMILIES[record.model_type] : undefined;
  if (family !== undefined) return family;
  const known = Object.keys(FAMILIES).join(", ");
  throw unsupported(file, "model_type", record.model_type, `supported are ${known}; choose a model of one of them`);
}

function sizesOf(file: ConfigFile) {
  const begin = listOf(file.bos_token_id)[0];
  return {
    vocabulary: file.vocab_size,
    dim: file.hidden_size,
    layers: file.num_hidden_layers,
    heads: file.num_attention_heads,
    ...(isAbsent(file.num_key_value_heads) ? {} : { keyValueHeads: file.num_key_value_heads }),
    ...(isAbsent(file.head_dim) ? {} : { headDim: file.head_dim }),
    hidden: file.intermediate_size,
    context: file.max_position_embeddings,
    ...(file.rms_norm_eps === undefined ? {} : { normEpsilon: file.rms_norm_eps }),
    ...(begin === undefined ? {} : { beginToken: begin }),
  };
}

function detailsOf(file: ConfigFile, family: ModelConfig["family"], name: string) {
  const window = windowOf(file, family, name);
  const biased = family === "llama" && file.attention_bias === true;
  return {
    ...ropeOf(file, name),
    attentionBias: family === "qwen2" || biased,
    outputBias: biased,
    mlpBias: family === "llama" && file.mlp_bias === true,
    tiedEmbeddings: file.tie_word_embeddings ?? false,
    ...(window === undefined ? {} : { slidingWindow: window }),
  };
}

/** Mistral's window holds for every layer; Qwen2's only for some, which is refused where it is switched on. */
function windowOf(file: ConfigFile, family: ModelConfig["family"], name: string): number | undefined {
  if (family === "qwen2" && file.use_sliding_window === true) {
    throw unsupported(name, "use_sliding_window", true, "set it to false for texts within the window");
  }
  return family === "mistral" ? (file.sliding_window ?? undefined) : undefined;
}

function ropeOf(file: ConfigFile, name: string): Pick<ModelConfigInput, "ropeBase" | "ropeScaling"> {
  const field = isAbsent(file.rope_parameters) ? "rope_scaling" : "rope_parameters";
  const rope = file[field] ?? {};
  const base = rope.rope_theta ?? file.rope_theta;
  const ropeBase = base === undefined ? {} : { ropeBase: base };
  const type = rope.rope_type ?? rope.type ?? "default";
  if (type === "default") return ropeBase;
  if (type !== "llama3") {
    throw unsupported(name, `${field}.rope_type`, type, 'supported are "default" and "llama3"');
  }
  const { factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: context } = rope;
  if (factor === undefined || low === undefined || high === undefined || context === undefined || !(high > low)) {
    const needed = "factor, low_freq_factor, a higher high_freq_factor and original_max_position_embeddings";
    throw new DataError({ file: name, field }, `is ${quoteValue(rope)}`, `llama3 scaling needs ${needed}`);
  }
  const scaling = { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalContext: context };
  return { ...ropeBase, ropeScaling: scaling };
}

function resolve(input: ModelConfigInput, file: string): ModelConfig {
  try {
    return resolveModelConfig(input);
  } catch (cause) {
    if (!HapsError.isInstance(cause)) throw cause;
    throw new DataError({ file }, cause.message, "the sizes do not fit together; fetch the file again", { cause });
  }
}

function parseObject(text: string, file: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DataError({ file }, "is not JSON", "the file is damaged; fetch it again", { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new DataError({ file }, `holds ${quoteValue(value)}`, "expected an object; fetch the file again");
}

function parseWith<Schema extends z.ZodType>(schema: Schema, value: unknown, file: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const field = first?.path.map(String).join(".") ?? "";
  throw new DataError({ file, field }, first?.message ?? "is wrong", "correct the field, or fetch the file again");
}

function unsupported(file: string, field: string, value: unknown, advice: string): DataError {
  return new DataError({ file, field }, `is ${quoteValue(value)}, which is not supported`, advice);
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function listOf(value: number | readonly number[] | null | undefined): readonly number[] {
  if (isAbsent(value)) return [];
  return typeof value === "number" ? [value] : value;
}
