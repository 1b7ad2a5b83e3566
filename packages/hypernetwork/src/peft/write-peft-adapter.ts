import { mkdir, mkdtemp, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { HapsError, type LoraWeights } from "@haps/spec";
import { PEFT_CONFIG_FILE, PEFT_MODEL_FILE } from "./peft-names.ts";
import { type PeftExportOptions, toPeftFiles } from "./to-peft-files.ts";

/**
 * Writes an adapter folder of Hugging Face PEFT; it appears whole or not at all.
 *
 * Written aside, in the same parent folder, then renamed. See {@link toPeftFiles} for what is in it.
 *
 * @param folder - Must not exist or be empty; its parents are made.
 * @throws As {@link toPeftFiles}; HapsError code `state` when there is something in the folder already.
 *
 * @example
 * ```ts no-check writes into the working directory
 * await writePeftAdapter(loraWeightsOf(tensors, 0, "question 7"), "adapters/question-7", { baseModel: "Qwen/Qwen2.5-0.5B-Instruct" });
 * ```
 */
export async function writePeftAdapter(
  weights: LoraWeights,
  folder: string,
  options: PeftExportOptions = {},
): Promise<void> {
  const files = toPeftFiles(weights, options);
  const path = resolve(folder);
  if (await isTaken(path)) throw taken(folder);
  await mkdir(dirname(path), { recursive: true });
  const aside = await mkdtemp(`${join(dirname(path), basename(path))}.tmp-`);
  try {
    // Inside of the temporary folder, which nobody else may read, so that the adapter gets the usual permissions.
    const fresh = join(aside, basename(path));
    await mkdir(fresh);
    await writeSynced(join(fresh, PEFT_CONFIG_FILE), files.config);
    await writeSynced(join(fresh, PEFT_MODEL_FILE), files.model);
    await rename(fresh, path);
  } catch (error) {
    if (["ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(codeOf(error) ?? "")) throw taken(folder, error);
    throw error;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function isTaken(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).length > 0;
  } catch (error) {
    return codeOf(error) !== "ENOENT";
  }
}

function taken(folder: string, cause?: unknown): HapsError {
  const message = `writePeftAdapter: ${JSON.stringify(folder)} is taken; give a new folder or remove this one`;
  return new HapsError("state", message, { folder }, { cause });
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

function codeOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : undefined;
}
