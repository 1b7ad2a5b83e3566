import { DataError, HapsError, quoteValue } from "@haps/spec";
import { z } from "zod";
import { MODEL_FAMILIES, type ModelConfig, type ModelConfigInput, resolveModelConfig } from "../model/model-config.ts";
import { ARCHITECTURES } from "./architectures.ts";
import { parseJsonObject } from "./parse-json.ts";
import { ropeSchema, ropeSettings } from "./rope-settings.ts";

const count = z.int().positive();
const tokens = z.union([z.int().min(0), z.array(z.int().min(0))]).nullish();

/** Far above any decoder; keeps a damaged number from being worked through layer by layer. */
const MOST_LAYERS = 10_000;

/** The fields of `config.json` that are read; others are left alone unless they name something unsupported. */
const fileSchema = z.looseObject({
  model_type: z.string(),
  architectures: z.array(z.string()).nullish(),
  vocab_size: count,
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count.max(MOST_LAYERS),
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
  partial_rotary_factor: z.number().nullish(),
  sliding_window: count.nullish(),
  use_sliding_window: z.boolean().optional(),
  max_window_layers: z.int().min(0).optional(),
  layer_types: z.array(z.string()).nullish(),
  hidden_act: z.string().optional(),
  max_position_embeddings: count,
  bos_token_id: tokens,
  eos_token_id: tokens,
});

type ConfigFile = z.output<typeof fileSchema>;

const generationSchema = z.looseObject({ eos_token_id: tokens });

/** What transformers assumes where `config.json` leaves a field out. */
const DEFAULTS = {
  llama: { begin: 1, end: 2, window: undefined, keyValueHeads: undefined },
  qwen2: { begin: undefined, end: undefined, window: 4096, keyValueHeads: 32 },
  mistral: { begin: 1, end: 2, window: 4096, keyValueHeads: 8 },
} as const;

/** In Qwen2 the layers from this one on have a window, where windows are switched on. */
const QWEN2_FIRST_WINDOW_LAYER = 28;

/** Fields that change the computation when they are there. */
const UNSUPPORTED: readonly (readonly [field: string, advice: string])[] = [
  ["quantization_config", "use the model's unquantised weights"],
  ["compression_config", "use the model's uncompressed weights"],
  ["num_local_experts", "mixtures of experts are not supported; use a dense model"],
  ["num_experts", "mixtures of experts are not supported; use a dense model"],
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
 * `generation_config.json` together with those of `config.json`. Whatever is left out is what transformers takes for it in that family.
 *
 * @throws DataError code `data`, naming file and field, for anything missing, of a wrong type, or not supported: other architectures,
 *   activations, rotary scalings than `llama3`, sliding windows of some layers only, quantised weights, mixtures of experts.
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
  const record = parseJsonObject(texts.config, files.config);
  const family = familyOf(record, files.config);
  for (const [field, advice] of UNSUPPORTED) {
    if (!isAbsent(record[field])) throw unsupported(files.config, field, record[field], advice);
  }
  const file = parseWith(fileSchema, record, files.config);
  checkArchitecture(file, family, files.config);
  if ((file.hidden_act ?? "silu") !== "silu") {
    throw unsupported(files.config, "hidden_act", file.hidden_act, 'only "silu" is supported');
  }
  const generation =
    texts.generation === undefined
      ? {}
      : parseWith(generationSchema, parseJsonObject(texts.generation, files.generation), files.generation);
  const named = file.eos_token_id === undefined && isAbsent(generation.eos_token_id) ? DEFAULTS[family].end : undefined;
  const endTokens = new Set([file.eos_token_id, generation.eos_token_id, named].flatMap(listOf));
  return resolve(
    { ...sizesOf(file, family), ...detailsOf(file, family, files.config), family, endTokens: [...endTokens] },
    files.config,
  );
}

function familyOf(record: Readonly<Record<string, unknown>>, file: string): ModelConfig["family"] {
  const family = MODEL_FAMILIES.find((known) => known === record.model_type);
  if (family !== undefined) return family;
  const known = MODEL_FAMILIES.join(", ");
  throw unsupported(file, "model_type", record.model_type, `supported are ${known}; choose a model of one of them`);
}

/** A classifier or a bare trunk of the same family has other weights. Early conversions spell the name in capitals. */
function checkArchitecture(file: ConfigFile, family: ModelConfig["family"], name: string): void {
  const { architectures } = file;
  const expected = ARCHITECTURES[family];
  if (isAbsent(architectures) || architectures.length === 0) return;
  if (architectures.some((architecture) => architecture.toLowerCase() === expected.toLowerCase())) return;
  throw unsupported(name, "architectures", architectures, `expected ${expected}, a model that predicts tokens`);
}

function sizesOf(file: ConfigFile, family: ModelConfig["family"]) {
  const defaults = DEFAULTS[family];
  const begin = listOf(file.bos_token_id === undefined ? defaults.begin : file.bos_token_id)[0];
  const keyValueHeads = file.num_key_value_heads === undefined ? defaults.keyValueHeads : file.num_key_value_heads;
  return {
    vocabulary: file.vocab_size,
    dim: file.hidden_size,
    layers: file.num_hidden_layers,
    heads: file.num_attention_heads,
    ...(isAbsent(keyValueHeads) ? {} : { keyValueHeads }),
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
    ...ropeSettings(file, name),
    attentionBias: family === "qwen2" || biased,
    outputBias: biased,
    mlpBias: family === "llama" && file.mlp_bias === true,
    tiedEmbeddings: file.tie_word_embeddings ?? false,
    ...(window === undefined ? {} : { slidingWindow: window }),
  };
}

/** Mistral's window holds for every layer; one that holds for some of the layers is refused. */
function windowOf(file: ConfigFile, family: ModelConfig["family"], name: string): number | undefined {
  const given = file.sliding_window === undefined ? DEFAULTS[family].window : (file.sliding_window ?? undefined);
  if (family === "qwen2" && file.use_sliding_window === true && given !== undefined && isAbsent(file.layer_types)) {
    const first = file.max_window_layers ?? QWEN2_FIRST_WINDOW_LAYER;
    if (first < file.num_hidden_layers) {
      const advice = `the layers from ${first} on see ${given} tokens; set it to false for texts within these`;
      throw unsupported(name, "use_sliding_window", true, advice);
    }
  }
  const window = family === "mistral" ? given : undefined;
  const kind = window === undefined ? "full_attention" : "sliding_attention";
  const other = file.layer_types?.find((type) => type !== kind);
  if (other === undefined) return window;
  throw unsupported(name, "layer_types", other, `expected ${kind} in every layer; choose another model`);
}

function resolve(input: ModelConfigInput, file: string): ModelConfig {
  try {
    return resolveModelConfig(input);
  } catch (cause) {
    if (!HapsError.isInstance(cause)) throw cause;
    throw new DataError({ file }, cause.message, "the sizes do not fit together; fetch the file again", { cause });
  }
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
