import { HapsError } from "@haps/spec";
import type { FileSystemPort } from "./file-system-port.ts";
import { describeDifferences, jsonDifferences } from "./json-differences.ts";
import { decodeJson } from "./json-file.ts";
import { CONFIG_FILE, LOCK_FILE, MANIFEST_FILE } from "./run-layout.ts";
import { LEFTOVER_ENDING, writeFileAtomic } from "./write-file-atomic.ts";

/** Writes or compares `config.json` and `manifest.json`; tells whether the run was there already. */
export async function settleIdentity(
  files: FileSystemPort,
  folder: string,
  config: Uint8Array,
  manifest: Uint8Array,
): Promise<boolean> {
  const configPath = `${folder}/${CONFIG_FILE}`;
  const manifestPath = `${folder}/${MANIFEST_FILE}`;
  const earlier = await files.read(configPath);
  if (earlier === null) {
    await assertFree(files, folder);
    await writeFileAtomic(files, configPath, config);
    await writeFileAtomic(files, manifestPath, manifest);
    return false;
  }
  assertSame(configPath, "configuration", earlier, config);
  const made = await files.read(manifestPath);
  // A kill between the two writes left the configuration alone.
  if (made === null) await writeFileAtomic(files, manifestPath, manifest);
  else assertSame(manifestPath, "manifest", made, manifest);
  return true;
}

async function assertFree(files: FileSystemPort, folder: string): Promise<void> {
  const entries = (await files.list(folder)) ?? [];
  const foreign = entries.find(({ name }) => name !== LOCK_FILE && !name.endsWith(LEFTOVER_ENDING));
  if (foreign === undefined) return;
  throw new HapsError(
    "state",
    `openRun: ${folder} is not a run folder: it holds ${JSON.stringify(foreign.name)} but no ${CONFIG_FILE}; expected an empty folder or a run; choose another folder`,
    { folder, found: foreign.name },
  );
}

function assertSame(path: string, what: string, earlier: Uint8Array, now: Uint8Array): void {
  const differences = jsonDifferences(decodeJson(path, earlier), decodeJson(path, now));
  if (differences.length === 0) return;
  throw new HapsError(
    "config",
    `openRun: ${path} is of another ${what}: ${describeDifferences(differences)}; expected the same; use another folder, or undo the change to resume`,
    { path, differences },
  );
}
