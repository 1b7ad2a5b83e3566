import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { HapsError } from "@haps/spec";
import { firstNonFinite, type NamedArray, type SafetensorsDtype, writeSafetensors } from "@haps/tensor";
import type { LanguageModel } from "../model/language-model.ts";
import { huggingFaceConfig } from "./hugging-face-config-out.ts";
import { sizeOf, type TensorPlace, takeTensor, tensorPlan } from "./tensor-plan.ts";

/** Options of {@link saveLanguageModel}. */
export interface SaveLanguageModelOptions {
  /** How numbers are stored. Default `f32`. */
  readonly dtype?: SafetensorsDtype;
  /** Most bytes of weights per file, >= 1; one tensor may exceed it. Default: one file. */
  readonly shardBytes?: number;
  /**
   * Whether a folder that holds a model may be replaced, with everything in it; a folder that holds anything else never is. Default false.
   */
  readonly overwrite?: boolean;
  /** Text to keep in the files of weights, by key. Default none. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const BYTES: Readonly<Record<SafetensorsDtype, number>> = { f32: 4, f16: 2, bf16: 2 };

/**
 * Saves a model as a Hugging Face folder, which transformers can read: `config.json`, and `model.safetensors` or shards with an index.
 *
 * It is written beside its place and renamed into it, so that the folder is never there in part. In f32, loading it gives the same
 * model bit for bit. The tokenizer's files are the caller's.
 *
 * @param model - Borrowed.
 * @throws HapsError code `state` for a folder that is not empty, or, with `overwrite`, is no model; `non-finite` for a weight that is
 *   NaN or infinite or that the dtype cannot hold; `config` for a shape that transformers cannot compute under the family's name.
 */
export async function saveLanguageModel(
  model: LanguageModel,
  folder: string,
  options: SaveLanguageModelOptions = {},
): Promise<void> {
  const target = resolve(folder);
  const temporary = beside(target, "writing");
  const replaced = await checkTarget(target, options.overwrite ?? false);
  const config = huggingFaceConfig(model.config, options.dtype ?? "f32");
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    await writeFile(join(temporary, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
    await writeWeights(model, temporary, options);
    await (replaced ? swap(temporary, target) : rename(temporary, target));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Whether there is a model to replace; refuses what must not be lost. */
async function checkTarget(target: string, overwrite: boolean): Promise<boolean> {
  const present = await readdir(target).catch((cause: NodeJS.ErrnoException): readonly string[] => {
    if (cause.code === "ENOENT") return [];
    const problem = cause.code === "ENOTDIR" ? "is no folder" : `cannot be read: ${cause.message}`;
    throw new HapsError("state", `${target}: ${problem}; give a new folder`, { folder: target }, { cause });
  });
  if (present.length === 0) return false;
  if (!overwrite) {
    const advice = "give a new folder, or overwrite: true to replace the model in it";
    throw new HapsError("state", `${target}: is not empty; ${advice}`, { folder: target });
  }
  if (present.includes("config.json") && present.some((file) => file.endsWith(".safetensors"))) return true;
  const advice = "give a new folder, or empty this one yourself";
  throw new HapsError("state", `${target}: holds other files than a model's, which would be lost; ${advice}`, {
    folder: target,
  });
}

/** The old folder goes only when the new one stands; after a failure it is back in its place. */
async function swap(temporary: string, target: string): Promise<void> {
  const old = beside(target, "old");
  await rm(old, { recursive: true, force: true });
  await rename(target, old);
  try {
    await rename(temporary, target);
  } catch (error) {
    await rename(old, target);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

function beside(target: string, ending: string): string {
  return join(dirname(target), `.${basename(target)}.${ending}`);
}

async function writeWeights(
  model: LanguageModel,
  folder: string,
  { dtype = "f32", shardBytes = Number.POSITIVE_INFINITY, metadata = {} }: SaveLanguageModelOptions,
): Promise<void> {
  const shards = intoShards(tensorPlan(model.config), BYTES[dtype], shardBytes);
  const weightMap: Record<string, string> = {};
  let total = 0;
  for (const [index, places] of shards.entries()) {
    const part = (number: number): string => String(number).padStart(5, "0");
    const name =
      shards.length === 1 ? "model.safetensors" : `model-${part(index + 1)}-of-${part(shards.length)}.safetensors`;
    const arrays = new Map(places.map((place) => [place.tensor, tensorOf(model, place)]));
    // transformers refuses a file that does not say which framework wrote it.
    await writeFile(join(folder, name), writeSafetensors(arrays, { dtype, metadata: { ...metadata, format: "pt" } }));
    for (const { tensor, shape } of places) {
      weightMap[tensor] = name;
      total += sizeOf(shape) * BYTES[dtype];
    }
  }
  if (shards.length === 1) return;
  const index = { metadata: { total_size: total }, weight_map: weightMap };
  await writeFile(join(folder, "model.safetensors.index.json"), `${JSON.stringify(index, null, 2)}\n`);
}

function tensorOf(model: LanguageModel, place: TensorPlace): NamedArray {
  const values = takeTensor(model.variables.get(place.variable).dataSync<"float32">(), place);
  const position = firstNonFinite(values);
  if (position < 0) return { shape: place.shape, values };
  const facts = { name: place.variable, tensor: place.tensor, position, value: values[position] };
  throw new HapsError(
    "non-finite",
    `saveLanguageModel: "${place.tensor}" has ${values[position]} at position ${position}; save a model whose weights are finite`,
    facts,
  );
}

function intoShards(plan: readonly TensorPlace[], width: number, limit: number): TensorPlace[][] {
  const shards: TensorPlace[][] = [[]];
  let used = 0;
  for (const place of plan) {
    const bytes = sizeOf(place.shape) * width;
    if (used > 0 && used + bytes > limit) {
      shards.push([]);
      used = 0;
    }
    (shards.at(-1) as TensorPlace[]).push(place);
    used += bytes;
  }
  return shards;
}
