import { HapsError, type LoraWeights, quoteValue } from "@haps/spec";
import {
  checkLoraFactor,
  checkLoraWeights,
  type NamedArray,
  type SafetensorsDtype,
  writeSafetensors,
} from "@haps/tensor";
import { compareTargets, peftModule, peftProjection, peftTensorName } from "./peft-names.ts";

/** The two files of a PEFT adapter. */
export interface PeftFiles {
  /** `adapter_config.json`. */
  readonly config: Uint8Array;
  /** `adapter_model.safetensors`. */
  readonly model: Uint8Array;
}

/** Options of {@link toPeftFiles}. */
export interface PeftExportOptions {
  /** Name or path of the model that the weights are for, as PEFT shows it. Default none. */
  readonly baseModel?: string;
  /** How numbers are stored. Default `f32`; in `f16` factors of a small scale lose digits below 6e-5. */
  readonly dtype?: SafetensorsDtype;
}

const OPERATION = "toPeftFiles";

/**
 * Writes LoRA weights as an adapter of Hugging Face PEFT for a Llama, Qwen2 or Mistral model.
 *
 * `lora_A = down`, `lora_B = scale · up`, and `lora_alpha = r`, so that PEFT's own factor `lora_alpha / r` is 1 also in a program
 * that ignores the alphas of single modules.
 *
 * @param weights - Borrowed. The same weights give the same bytes; their id is not written.
 * @returns New bytes.
 * @throws HapsError code `config` for weights without targets, a target given twice or unknown; ShapeError code `shape` for factors
 *   that do not fit their target; HapsError code `non-finite` naming target, factor and position.
 *
 * @example
 * ```ts
 * const target = { layer: 1, projection: "o", in: 2, out: 2, rank: 1 } as const;
 * const factors = { target, down: Float32Array.of(1, 2), up: Float32Array.of(3, 4) };
 * const { model } = toPeftFiles({ id: "mine", targets: [factors], scale: 0.5 });
 * const { arrays } = readSafetensors(model);
 * console.assert(arrays.get("base_model.model.model.layers.1.self_attn.o_proj.lora_B.weight")?.values.join() === "1.5,2");
 * ```
 */
export function toPeftFiles(weights: LoraWeights, options: PeftExportOptions = {}): PeftFiles {
  checkLoraWeights(OPERATION, weights);
  if (weights.targets.length === 0) {
    const { id } = weights;
    const problem = `the LoRA weights ${quoteValue(id)} have no targets; an adapter needs at least one`;
    throw new HapsError("config", `${OPERATION}: ${problem}`, { id });
  }
  const arrays = new Map<string, NamedArray>();
  for (const { target, down, up } of weights.targets) {
    const scaled = up.map((value) => value * weights.scale);
    const name = peftTensorName(target, "up");
    checkLoraFactor(OPERATION, name, scaled, [target.out, target.rank]);
    arrays.set(name, { shape: [target.out, target.rank], values: scaled });
    arrays.set(peftTensorName(target, "down"), { shape: [target.rank, target.in], values: down });
  }
  const config = `${JSON.stringify(configOf(weights, options.baseModel), undefined, 2)}\n`;
  return {
    config: new TextEncoder().encode(config),
    model: writeSafetensors(arrays, { dtype: options.dtype ?? "f32", metadata: { format: "pt" } }),
  };
}

/** In the order of the alphabet, as PEFT writes it. */
function configOf({ targets }: LoraWeights, baseModel: string | undefined): Readonly<Record<string, unknown>> {
  const sorted = targets.map(({ target }) => target).sort(compareTargets);
  const layers = [...new Set(sorted.map(({ layer }) => layer))];
  const projections = [...new Set(sorted.map(({ projection }) => peftProjection(projection)))].sort();
  // Short names stand for a projection of every listed layer; where some are missing, each module is named.
  const everyPair = sorted.length === layers.length * projections.length;
  const rank = Math.max(...sorted.map((target) => target.rank));
  const ranks = Object.fromEntries(
    sorted.filter((target) => target.rank !== rank).map((target) => [peftModule(target), target.rank]),
  );
  return {
    alpha_pattern: ranks,
    base_model_name_or_path: baseModel ?? null,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: everyPair ? layers : null,
    lora_alpha: rank,
    lora_dropout: 0,
    modules_to_save: null,
    peft_type: "LORA",
    r: rank,
    rank_pattern: ranks,
    target_modules: everyPair ? projections : sorted.map(peftModule),
    task_type: "CAUSAL_LM",
    use_dora: false,
    use_rslora: false,
  };
}
