import type { Checkpoint, CheckpointFiles } from "@haps/run";
import { canonicalJson } from "@haps/spec";
import { type NamedArray, readSafetensors, writeSafetensors } from "@haps/tensor";

/** What a training is resumed from: plain JSON, and weights and moments by name. */
export interface TrainingState {
  readonly progress: unknown;
  readonly arrays: ReadonlyMap<string, NamedArray>;
}

const PROGRESS = "state.json";
const ARRAYS = "arrays.safetensors";

/** The files of a checkpoint; equal states give equal bytes, also where one was read and has its fields in another order. */
export function encodeTrainingState({ progress, arrays }: TrainingState): CheckpointFiles {
  return {
    [PROGRESS]: new TextEncoder().encode(`${canonicalJson(progress)}\n`),
    [ARRAYS]: writeSafetensors(arrays),
  };
}

/** Reads them again; what `progress` holds is the reader's to check. */
export function decodeTrainingState({ files }: Checkpoint): TrainingState {
  const bytes = (name: string): Uint8Array => {
    const found = files[name];
    if (found === undefined) throw new Error(`internal: the checkpoint has no ${name}`);
    return found;
  };
  const progress: unknown = JSON.parse(new TextDecoder().decode(bytes(PROGRESS)));
  return { progress, arrays: readSafetensors(bytes(ARRAYS)).arrays };
}
