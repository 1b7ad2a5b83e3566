import { createHash } from "node:crypto";
import { DataError, HapsError, parseConfig } from "@haps/spec";
import { z } from "zod";
import type { FileSystemPort } from "./file-system-port.ts";
import { decodeJson, encodeJson } from "./json-file.ts";
import { LEFTOVER_ENDING, writeFileAtomic } from "./write-file-atomic.ts";

/** Files of a checkpoint by name; the caller decides what they hold. */
export type CheckpointFiles = Readonly<Record<string, Uint8Array>>;

/** A checkpoint that was read back. */
export interface Checkpoint {
  readonly step: number;
  readonly files: CheckpointFiles;
}

const pointerSchema = z.strictObject({
  step: z.int().nonnegative(),
  /** Length of the metrics log when the checkpoint was made. */
  metricsBytes: z.int().nonnegative(),
  files: z.record(z.string(), z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string() })),
});

const latestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Newest first. */
  checkpoints: z.array(pointerSchema).min(1),
});

/** What the file `latest` says of one checkpoint. */
export interface CheckpointPointer extends z.output<typeof pointerSchema> {}

/** Where checkpoints live in a run folder. */
export interface CheckpointPlace {
  readonly files: FileSystemPort;
  /** The folder `checkpoint` of the run. */
  readonly folder: string;
  /** How many checkpoints to keep, at least 1. */
  readonly keep: number;
}

/** Folder name of a step: `step-000120`. */
export function stepFolder(step: number): string {
  return `step-${String(step).padStart(6, "0")}`;
}

/**
 * Writes a checkpoint aside, renames it into place, and only then points `latest` to it; then drops old ones.
 *
 * A kill at any moment leaves the previous checkpoint in force, or the new one.
 *
 * @param kept - The checkpoints that `latest` names now, newest first.
 * @returns Those that it names from now on.
 * @throws HapsError code `state` for a step that is not after the latest, `config` for a bad step or file name.
 */
export async function writeCheckpoint(
  place: CheckpointPlace,
  kept: readonly CheckpointPointer[],
  { step, files: content }: Checkpoint,
  metricsBytes: number,
): Promise<readonly CheckpointPointer[]> {
  const { files, folder } = place;
  assertStep(step, kept[0]?.step ?? null, Object.keys(content));
  const aside = `${folder}/${stepFolder(step)}${LEFTOVER_ENDING}`;
  await files.remove(aside);
  await files.makeFolder(aside);
  for (const [name, bytes] of sortedEntries(content)) {
    await files.write(`${aside}/${name}`, bytes);
    await files.sync(`${aside}/${name}`);
  }
  await files.sync(aside);
  await files.rename(aside, `${folder}/${stepFolder(step)}`);
  await files.sync(folder);
  const pointer: CheckpointPointer = {
    step,
    metricsBytes,
    files: Object.fromEntries(
      sortedEntries(content).map(
        ([name, bytes]) => [name, { bytes: bytes.byteLength, sha256: sha256(bytes) }] as const,
      ),
    ),
  };
  const checkpoints = [pointer, ...kept].slice(0, place.keep);
  await writeFileAtomic(files, `${folder}/latest`, encodeJson("saveCheckpoint", { schemaVersion: 1, checkpoints }));
  await pruneCheckpoints(place, checkpoints);
  return checkpoints;
}

/** What {@link readCheckpoints} found. */
export interface FoundCheckpoints {
  /** The newest undamaged one. */
  readonly checkpoint: Checkpoint;
  /** It and the older ones, newest first. */
  readonly kept: readonly CheckpointPointer[];
  /** Files of newer checkpoints that were damaged, with what is wrong. */
  readonly damaged: readonly DataError[];
}

/**
 * Reads the newest checkpoint that `latest` names and whose every byte is as it was saved.
 *
 * @returns `null` where no checkpoint was completed.
 * @throws DataError when all are damaged, naming the newest damaged file.
 */
export async function readCheckpoints(place: CheckpointPlace): Promise<FoundCheckpoints | null> {
  const path = `${place.folder}/latest`;
  const bytes = await place.files.read(path);
  if (bytes === null) return null;
  const { checkpoints } = parseConfig(`openRun ${path}`, latestSchema, decodeJson(path, bytes));
  const damaged: DataError[] = [];
  for (const [newer, pointer] of checkpoints.entries()) {
    const read = await readCheckpoint(place, pointer);
    if (!(read instanceof DataError)) return { checkpoint: read, kept: checkpoints.slice(newer), damaged };
    damaged.push(read);
  }
  throw damaged[0] as DataError;
}

async function readCheckpoint(place: CheckpointPlace, pointer: CheckpointPointer): Promise<Checkpoint | DataError> {
  const content: [string, Uint8Array][] = [];
  for (const [name, expected] of Object.entries(pointer.files)) {
    const file = `${place.folder}/${stepFolder(pointer.step)}/${name}`;
    const found = await place.files.read(file);
    if (found === null || found.byteLength !== expected.bytes || sha256(found) !== expected.sha256) {
      return new DataError(
        { file },
        found === null ? "it is missing" : "its bytes are not those that were saved",
        "restore the run folder from a copy, or start a fresh one",
      );
    }
    content.push([name, found]);
  }
  return { step: pointer.step, files: Object.fromEntries(content) };
}

/** Drops the folders of all checkpoints but those kept: old ones, damaged ones, and one that was never pointed to. */
export async function pruneCheckpoints(place: CheckpointPlace, kept: readonly CheckpointPointer[]): Promise<void> {
  const wanted = new Set(kept.map(({ step }) => stepFolder(step)));
  for (const { name } of (await place.files.list(place.folder)) ?? []) {
    if (/^step-\d+$/.test(name) && !wanted.has(name)) await place.files.remove(`${place.folder}/${name}`);
  }
}

function assertStep(step: number, latest: number | null, names: readonly string[]): void {
  if (!Number.isSafeInteger(step) || step < 0) {
    throw new HapsError("config", `saveCheckpoint: step is ${step}; expected a whole number from 0; count the steps`, {
      step,
    });
  }
  if (latest !== null && step <= latest) {
    throw new HapsError(
      "state",
      `saveCheckpoint: step ${step} is not after step ${latest}, which is saved; continue from the resumed checkpoint`,
      { step, latest },
    );
  }
  const bad = names.find((name) => !/^[\w-][\w.-]*$/.test(name) || name.endsWith(LEFTOVER_ENDING));
  if (bad === undefined && names.length > 0) return;
  throw new HapsError(
    "config",
    bad === undefined
      ? "saveCheckpoint: there is no file to save; expected at least one"
      : `saveCheckpoint: ${JSON.stringify(bad)} is no file name; expected letters, digits, "_", "-" and ".", not ending in ${LEFTOVER_ENDING}`,
    { names },
  );
}

function sortedEntries(content: CheckpointFiles): [string, Uint8Array][] {
  return Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1));
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
