import { DataError, type LoraFactors, type LoraWeights } from "@haps/spec";
import { firstNonFinite, type NamedArray, readSafetensors } from "@haps/tensor";
import { parsePeftConfig } from "./peft-config.ts";
import {
  compareTargets,
  PEFT_CONFIG_FILE,
  PEFT_LETTERS,
  PEFT_MODEL_FILE,
  type PeftTensorName,
  parsePeftTensorName,
  peftModule,
} from "./peft-names.ts";
import type { PeftFiles } from "./to-peft-files.ts";

/** Options of {@link fromPeftFiles}. */
export interface PeftImportOptions {
  /** Id of the weights; equal ids must mean equal weights. */
  readonly id: string;
  /** Folder that errors name. Default: the file names alone. */
  readonly source?: string;
}

type Pair = Pick<PeftTensorName, "layer" | "projection"> & Partial<Record<"down" | "up", NamedArray>>;

/**
 * Reads an adapter of Hugging Face PEFT for a Llama, Qwen2 or Mistral model.
 *
 * `down = lora_A`, `up = lora_B`, `scale = lora_alpha / r`, or `lora_alpha / √r` with `use_rslora`; where it differs between modules it
 * is multiplied into `up` and `scale` is 1. Whatever else an adapter can do is refused by name: DoRA, biases, saved modules, …
 *
 * @param files - Borrowed.
 * @returns Copies; targets by layer, then in the order of computation.
 * @throws DataError code `data` naming file and option or tensor.
 *
 * Source: PEFT, github.com/huggingface/peft, version 0.21.2. Deviation: keys of `rank_pattern` and `alpha_pattern` must be plain names.
 *
 * @example
 * ```ts
 * const target = { layer: 0, projection: "q", in: 2, out: 1, rank: 1 } as const;
 * const factors = { target, down: Float32Array.of(1, 2), up: Float32Array.of(3) };
 * const files = toPeftFiles({ id: "mine", targets: [factors], scale: 0.5 });
 * const { targets, scale } = fromPeftFiles(files, { id: "theirs" });
 * console.assert(scale === 1 && targets[0]?.up[0] === 1.5 && targets[0].target.in === 2);
 * ```
 */
export function fromPeftFiles(files: PeftFiles, options: PeftImportOptions): LoraWeights {
  const path = (name: string): string => (options.source === undefined ? name : `${options.source}/${name}`);
  const file = path(PEFT_MODEL_FILE);
  const config = parsePeftConfig(files.config, path(PEFT_CONFIG_FILE));
  const pairs = [...pairsOf(readSafetensors(files.model, { source: file }).arrays, file)].sort(compareTargets);
  const scales = pairs.map((pair) => config.scaleOf(pair));
  const isShared = scales.every((own) => own === scales[0]);
  const targets = pairs.map((pair, index) => {
    const factors = factorsOf(pair, config.rankOf(pair), file);
    return isShared ? factors : { ...factors, up: factors.up.map((value) => value * (scales[index] as number)) };
  });
  return { id: options.id, targets, scale: isShared ? (scales[0] as number) : 1 };
}

function pairsOf(arrays: ReadonlyMap<string, NamedArray>, file: string): Iterable<Pair> {
  const pairs = new Map<string, Pair>();
  for (const [name, array] of arrays) {
    const parsed = parsePeftTensorName(name);
    if (parsed === undefined) {
      const problem = "is no LoRA factor of a known projection";
      throw new DataError(
        { file, field: name },
        problem,
        "adapt q, k, v, o, gate, up or down projections of decoder layers only",
      );
    }
    const module = peftModule(parsed);
    const pair = pairs.get(module) ?? { layer: parsed.layer, projection: parsed.projection };
    if (pair[parsed.factor] !== undefined) {
      throw new DataError({ file, field: name }, `gives ${module} a second time`, "keep one of the two tensors");
    }
    const position = firstNonFinite(array.values);
    if (position >= 0) {
      const problem = `has ${array.values[position]} at position ${position}`;
      throw new DataError({ file, field: name }, problem, "check the run that made the adapter");
    }
    pairs.set(module, { ...pair, [parsed.factor]: array });
  }
  if (pairs.size > 0) return pairs.values();
  throw new DataError({ file }, "has no tensors", "save an adapter with at least one target module");
}

function factorsOf(pair: Pair, rank: number, file: string): LoraFactors {
  const module = peftModule(pair);
  const matrix = (factor: "down" | "up"): NamedArray => {
    const array = pair[factor];
    const field = `${module}.lora_${PEFT_LETTERS[factor]}.weight`;
    if (array === undefined) throw new DataError({ file, field }, "is missing", "save the adapter again");
    const own = array.shape[factor === "down" ? 0 : 1];
    if (array.shape.length === 2 && array.shape.every((length) => length > 0) && own === rank) return array;
    const expected = factor === "down" ? `[${rank}, in]` : `[out, ${rank}]`;
    const problem = `has shape [${array.shape.join(", ")}]; the configuration's rank asks for ${expected}`;
    throw new DataError({ file, field }, problem, "use both files of one adapter");
  };
  const [down, up] = [matrix("down"), matrix("up")];
  const sizes = { in: down.shape[1] as number, out: up.shape[0] as number, rank };
  return {
    target: { layer: pair.layer, projection: pair.projection, ...sizes },
    down: down.values,
    up: up.values,
  };
}
