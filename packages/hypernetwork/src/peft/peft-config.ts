import type { LoraTarget } from "@haps/spec";
import { DataError, quoteValue } from "@haps/spec";
import { peftModule } from "./peft-names.ts";

/** What of an adapter's configuration matters to its arithmetic. */
export interface PeftConfig {
  /** Rank of a module, by its place in the model. */
  rankOf(target: Pick<LoraTarget, "layer" | "projection">): number;
  /** Factor of a module's update: `lora_alpha / r`, or `lora_alpha / √r` with rank-stabilised LoRA (Kalajdzievski 2023). */
  scaleOf(target: Pick<LoraTarget, "layer" | "projection">): number;
}

/** Options that are read here. */
const READ = new Set([
  "peft_type",
  "r",
  "lora_alpha",
  "use_rslora",
  "rank_pattern",
  "alpha_pattern",
  "init_lora_weights",
]);

/** Options that change no result: provenance, training, or which modules there are, which the tensors say themselves. */
const WITHOUT_EFFECT = new Set([
  ...["auto_mapping", "base_model_name_or_path", "inference_mode", "peft_version", "revision", "task_type"],
  ...["lora_dropout", "megatron_core", "qalora_group_size", "runtime_config"],
  ...["exclude_modules", "layers_pattern", "layers_to_transform", "target_modules"],
]);

/** Starting values that leave the base model as it is; others, such as PiSSA, change it as well. */
const PLAIN_STARTS: readonly unknown[] = [undefined, null, true, false, "gaussian", "orthogonal", "eva"];

const SWITCH: readonly unknown[] = [undefined, null, true, false];

/**
 * Reads `adapter_config.json`. Every option that is not known and not switched off is refused by name, since ignoring it would
 * give other numbers than PEFT.
 */
export function parsePeftConfig(bytes: Uint8Array, file: string): PeftConfig {
  const fields = parseObject(bytes, file);
  const refuse = (field: string, problem: string, advice: string): DataError =>
    new DataError({ file, field }, problem, advice);
  for (const [field, value] of Object.entries(fields)) {
    if (READ.has(field) || WITHOUT_EFFECT.has(field) || isOff(value)) continue;
    throw refuse(
      field,
      `is ${quoteValue(value)}, which is not supported`,
      "save a plain LoRA adapter, or merge this one in PEFT",
    );
  }
  if (fields.peft_type !== "LORA") {
    throw refuse("peft_type", `is ${quoteValue(fields.peft_type)}; expected "LORA"`, "save a LoRA adapter");
  }
  if (!PLAIN_STARTS.includes(fields.init_lora_weights)) {
    const problem = `is ${quoteValue(fields.init_lora_weights)}, which may change the base weights`;
    throw refuse("init_lora_weights", problem, "convert the adapter to plain LoRA in PEFT when saving it");
  }
  if (!SWITCH.includes(fields.use_rslora)) {
    throw refuse(
      "use_rslora",
      `is ${quoteValue(fields.use_rslora)}; expected true or false`,
      "write the file with PEFT",
    );
  }
  const rank = positiveInteger(fields.r, "r", file);
  const alpha = finite(fields.lora_alpha, "lora_alpha", file);
  const ranks = patternOf(fields.rank_pattern, "rank_pattern", file, positiveInteger);
  const alphas = patternOf(fields.alpha_pattern, "alpha_pattern", file, finite);
  const rankOf: PeftConfig["rankOf"] = (target) => ranks(target) ?? rank;
  const divisor = (own: number): number => (fields.use_rslora === true ? Math.sqrt(own) : own);
  return { rankOf, scaleOf: (target) => (alphas(target) ?? alpha) / divisor(rankOf(target)) };
}

function parseObject(bytes: Uint8Array, file: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DataError({ file }, "is not JSON in UTF-8", "write the file with PEFT", { cause });
  }
  if (isObject(value)) return value;
  throw new DataError({ file }, `holds ${quoteValue(value)}; expected an object`, "write the file with PEFT");
}

/** What PEFT writes for an option that is not used. */
function isOff(value: unknown): boolean {
  if (value === null || value === false || value === "none" || value === "") return true;
  return typeof value === "object" && Object.keys(value ?? {}).length === 0;
}

/**
 * Values for single modules. PEFT takes the keys as regular expressions that match the end of a module's name, or all of it after
 * `^`; here they must be plain names, since a file should not bring expressions that we then run.
 */
function patternOf(
  value: unknown,
  field: string,
  file: string,
  read: (value: unknown, field: string, file: string) => number,
): (target: Pick<LoraTarget, "layer" | "projection">) => number | undefined {
  if (value === undefined || value === null) return () => undefined;
  if (!isObject(value)) {
    throw new DataError({ file, field }, `is ${quoteValue(value)}; expected an object`, "write the file with PEFT");
  }
  const entries = Object.entries(value).map(([key, entry]) => {
    if (!/^\^?[\w.]+$/.test(key)) {
      const problem = `has the regular expression ${quoteValue(key)}`;
      throw new DataError({ file, field }, problem, "name the modules plainly, such as layers.3.self_attn.o_proj");
    }
    return [key, read(entry, `${field}.${key}`, file)] as const;
  });
  // The first key that fits wins, as in PEFT.
  return (target) => entries.find(([key]) => fits(key, `model.${peftModule(target)}`))?.[1];
}

function fits(key: string, module: string): boolean {
  return key.startsWith("^") ? key.slice(1) === module : module === key || module.endsWith(`.${key}`);
}

function positiveInteger(value: unknown, field: string, file: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw new DataError(
    { file, field },
    `is ${quoteValue(value)}; expected a positive whole number`,
    "write the file with PEFT",
  );
}

function finite(value: unknown, field: string, file: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new DataError({ file, field }, `is ${quoteValue(value)}; expected a number`, "write the file with PEFT");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
