import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DataError, quoteValue } from "@haps/spec";
import { z } from "zod";
import { readText } from "./file-source.ts";
import { parseJson } from "./parse-json.ts";

/** Which files hold the weights of a folder. */
export interface WeightFiles {
  /** Paths, each once. */
  readonly paths: readonly string[];
  /** Path of each tensor, where an index says so, and the index itself. */
  readonly index?: { readonly path: string; readonly pathOf: ReadonlyMap<string, string> };
}

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

/**
 * Finds the weights: `model.safetensors`, or the shards that `model.safetensors.index.json` lists; the former where there are both.
 *
 * @throws DataError code `data` when there are none, and for an index that is damaged or names files outside the folder.
 */
export async function findWeights(folder: string): Promise<WeightFiles> {
  const single = join(folder, SINGLE);
  const present = await readdir(folder).catch((): string[] => []);
  if (present.includes(SINGLE)) return { paths: [single] };
  const path = join(folder, INDEX);
  const text = await readText(path);
  if (text === undefined) throw new DataError({ file: single }, "is missing", adviceFor(present));
  const parsed = indexSchema.safeParse(parseJson(text, path));
  if (!parsed.success) {
    const problem = parsed.error.issues[0]?.message ?? "is wrong";
    throw new DataError({ file: path, field: "weight_map" }, problem, "expected tensors and files; fetch it again");
  }
  const pathOf = new Map<string, string>();
  for (const [tensor, file] of Object.entries(parsed.data.weight_map)) {
    // A shard lies beside its index; anything else might read what nobody meant to share.
    if (!/^[^/\\:\p{Cc}]{1,200}\.safetensors$/u.test(file)) {
      const problem = `names the file ${quoteValue(file)}`;
      const place = { file: path, field: fieldOf(tensor) };
      throw new DataError(place, problem, "expected a .safetensors file of the same folder");
    }
    pathOf.set(tensor, join(folder, file));
  }
  return { paths: [...new Set(pathOf.values())].sort(), index: { path, pathOf } };
}

/** A tensor's name as an error shows it: a hostile file may have names of any length. */
export function fieldOf(tensor: string): string {
  return tensor.length <= 100 ? tensor : `${tensor.slice(0, 99)}…`;
}

function adviceFor(present: readonly string[]): string {
  const other = present.find((file) => /\.(bin|pt|pth|gguf|h5|msgpack|onnx)$/.test(file));
  if (other === undefined) return "give a model folder as Hugging Face lays it out, or fetch it again";
  return `weights are read from safetensors only, not from ${quoteValue(other)}; convert them with transformers' save_pretrained`;
}
