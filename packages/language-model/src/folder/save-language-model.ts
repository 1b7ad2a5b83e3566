import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { HapsError } from "@haps/spec";
import { type NamedArray, type SafetensorsDtype, writeSafetensors } from "@haps/tensor";
import type { LanguageModel } from "../model/language-model.ts";
import { huggingFaceConfig } from "./hugging-face-config-out.ts";
import { type TensorPlace, takeTensor, tensorPlan } from "./tensor-plan.ts";

/** Options of {@link saveLanguageModel}. */
export interface SaveLanguageModelOptions {
  /** How numbers are stored. Default `f32`. */
  readonly dtype?: SafetensorsDtype;
  /** Most bytes of weights per file, >= 1; one tensor may exceed it. Default: one file. */
  readonly shardBytes?: number;
  /** Whether a folder that is not empty may be replaced. Default false. */
  readonly overwrite?: boolean;
}

const BYTES: Readonly<Record<SafetensorsDtype, number>> = { f32: 4, f16: 2, bf16: 2 };

/**
 * Saves a model as a Hugging Face folder, which transformers can read: `config.json`, and `model.safetensors` or shards with an index.
 *
 * The folder appears whole or not at all: it is written beside its place and renamed into it.
 *
 * @throws HapsError code `state` for a folder that is not empty, `non-finite` for a weight that the dtype cannot hold.
 */
export async function saveLanguageModel(
  model: LanguageModel,
  folder: string,
  options: SaveLanguageModelOptions = {},
): Promise<void> {
  const { dtype = "f32", shardBytes = Number.POSITIVE_INFINITY, overwrite = false } = options;
  const present = await readdir(folder).catch((): string[] => []);
  if (present.length > 0 && !overwrite) {
    throw new HapsError("state", `${folder}: is not empty; give a new folder, or overwrite: true to replace it`, {
      folder,
    });
  }
  const temporary = join(dirname(folder), `.${basename(folder)}.writing`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  try {
    await writeFile(
      join(temporary, "config.json"),
      `${JSON.stringify(huggingFaceConfig(model.config, dtype), null, 2)}\n`,
    );
    await writeWeights(model, temporary, dtype, shardBytes);
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

async function writeWeights(
  model: LanguageModel,
  folder: string,
  dtype: SafetensorsDtype,
  shardBytes: number,
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
    await writeFile(join(folder, name), writeSafetensors(arrays, { dtype, metadata: { format: "pt" } }));
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
  const values = model.variables.get(place.variable).dataSync<"float32">();
  return { shape: place.shape, values: takeTensor(values, place) };
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

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
