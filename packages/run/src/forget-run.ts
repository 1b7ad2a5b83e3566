import { HapsError } from "@haps/spec";
import type { FileSystemPort } from "./file-system-port.ts";
import { decodeJson } from "./json-file.ts";
import { runManifestSchema } from "./manifest.ts";
import {
  CHECKPOINT_FOLDER,
  CONFIG_FILE,
  MANIFEST_FILE,
  METRICS_FILE,
  RESULT_FILE,
  TIMINGS_FILE,
} from "./run-layout.ts";
import { writeFileAtomic } from "./write-file-atomic.ts";

/** How to start a run anew where an earlier one lies. */
export interface FreshStart {
  /** Whether a run with this configuration may be forgotten; one that may not is refused. */
  readonly isOwn: (config: unknown) => boolean;
  /** Top names that the caller gave to `writeFile`, to be removed as well. Default: none. */
  readonly names?: readonly string[];
}

/** Removes what a run left in a locked folder and writes down whose the folder is now; a folder without a run stays. */
export async function forgetRun(
  files: FileSystemPort,
  folder: string,
  { isOwn, names = [] }: FreshStart,
  identity: { readonly config: Uint8Array; readonly manifest: Uint8Array },
): Promise<void> {
  const config = await files.read(`${folder}/${CONFIG_FILE}`);
  if (config === null) return;
  const manifest = await files.read(`${folder}/${MANIFEST_FILE}`);
  if (manifest === null || !isManifest(manifest) || !isOwn(decodeJson(`${folder}/${CONFIG_FILE}`, config))) {
    throw new HapsError(
      "state",
      `openRun: ${folder} holds a ${CONFIG_FILE} that is not of a run to be forgotten; expected such a run or an empty folder; choose another folder`,
      { folder },
    );
  }
  // The result first: without it a kill from here on leaves an unfinished run. The identity is written over, never
  // missing, so that the folder stays known for a run.
  for (const name of [RESULT_FILE, CHECKPOINT_FOLDER, METRICS_FILE, TIMINGS_FILE, ...names]) {
    await files.remove(`${folder}/${name}`);
  }
  await writeFileAtomic(files, `${folder}/${CONFIG_FILE}`, identity.config);
  await writeFileAtomic(files, `${folder}/${MANIFEST_FILE}`, identity.manifest);
}

function isManifest(bytes: Uint8Array): boolean {
  try {
    return runManifestSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).success;
  } catch {
    return false;
  }
}
