import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError, type LoraWeights } from "@haps/spec";
import { fromPeftFiles, type PeftImportOptions } from "./from-peft-files.ts";
import { PEFT_CONFIG_FILE, PEFT_MODEL_FILE } from "./peft-names.ts";

/**
 * Reads an adapter folder of Hugging Face PEFT; see {@link fromPeftFiles}.
 *
 * @throws DataError code `data` naming file and option or tensor, also for a file that cannot be read.
 *
 * @example
 * ```ts no-check needs an adapter folder
 * const weights = await readPeftAdapter("adapters/question-7", { id: "question 7" });
 * ```
 */
export async function readPeftAdapter(folder: string, options: Pick<PeftImportOptions, "id">): Promise<LoraWeights> {
  const read = async (name: string): Promise<Uint8Array> => {
    try {
      return await readFile(join(folder, name));
    } catch (cause) {
      const advice = `give a folder with ${PEFT_CONFIG_FILE} and ${PEFT_MODEL_FILE}; PEFT writes them with safe_serialization`;
      throw new DataError({ file: `${folder}/${name}` }, "cannot be read", advice, { cause });
    }
  };
  const [config, model] = await Promise.all([read(PEFT_CONFIG_FILE), read(PEFT_MODEL_FILE)]);
  return fromPeftFiles({ config, model }, { ...options, source: folder });
}
