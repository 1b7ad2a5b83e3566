import { HapsError, parseConfig } from "@haps/spec";
import {
  type CheckpointPlace,
  type FoundCheckpoints,
  pruneCheckpoints,
  readCheckpoints,
  stepFolder,
} from "./checkpoint-store.ts";
import { fileFailure } from "./file-failure.ts";
import type { FileSystemPort } from "./file-system-port.ts";
import { type FreshStart, forgetRun } from "./forget-run.ts";
import { decodeJson, encodeJson } from "./json-file.ts";
import { dropTornLine, settleMetrics } from "./line-log.ts";
import { type RunManifest, runManifestSchema } from "./manifest.ts";
import { nodeFiles } from "./node-files.ts";
import { createRun, type Run, type RunState } from "./run.ts";
import { settleIdentity } from "./run-identity.ts";
import { CHECKPOINT_FOLDER, METRICS_FILE, RESULT_FILE, TIMINGS_FILE } from "./run-layout.ts";
import { nodeProcess, type ProcessPort, takeLock } from "./run-lock.ts";
import { removeLeftovers } from "./write-file-atomic.ts";

/** What opening a run has to tell; plain data. */
export interface RunEvent {
  readonly type: "warning";
  readonly code: "checkpoint-damaged";
  readonly message: string;
}

/** How to open a run folder. */
export interface OpenRunOptions {
  /** Created with its parents where it does not exist. */
  readonly folder: string;
  /** The resolved configuration, as JSON. A folder with another one is refused. */
  readonly config: unknown;
  /** What the run is made with. A folder with another one is refused: it could not end in the same bytes. */
  readonly manifest: RunManifest;
  /**
   * Forgets a run that lies in the folder and starts anew. Only files of the run layout and the named ones are removed,
   * and only once the lock is held and the folder is known for a run of the caller's.
   */
  readonly fresh?: FreshStart;
  /** How many checkpoints to keep; with 2 or more a damaged one costs some steps, not the run. Default 1. */
  readonly keepCheckpoints?: number;
  /** Default: the file system of Node. */
  readonly files?: FileSystemPort;
  /** Default: the running Node process. */
  readonly process?: ProcessPort;
  /** Called synchronously while the folder is opened. */
  readonly onEvent?: (event: RunEvent) => void;
}

/**
 * Creates a run folder, or resumes the run in it.
 *
 * A run killed at any moment and resumed ends in the same bytes as an unbroken one (see {@link hashFolder}), provided
 * that the caller is deterministic and continues from `checkpoint`.
 *
 * @throws HapsError code `config` when the folder belongs to another configuration or manifest, saying what differs;
 *   `state` when a living process has it open, it holds something else (with `fresh`: no run that may be forgotten) or
 *   cannot be written; `data` when its files
 *   were damaged and no undamaged checkpoint is left.
 *
 * @example
 * ```ts
 * import { mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { openRun } from "@haps/run";
 * const folder = await mkdtemp(`${tmpdir()}/run-`);
 * const manifest = { versions: {}, backend: "none", commit: null, dataHash: null };
 * const run = await openRun({ folder, config: { seed: 1 }, manifest });
 * await run.appendMetric({ step: 1, loss: 0.5 });
 * await run.saveCheckpoint(1, { "state.json": new TextEncoder().encode("{}") });
 * await run.close();
 * const again = await openRun({ folder, config: { seed: 1 }, manifest });
 * console.assert(again.checkpoint?.step === 1);
 * await again.close();
 * ```
 */
export async function openRun(options: OpenRunOptions): Promise<Run> {
  const { folder, files = nodeFiles, keepCheckpoints = 1 } = options;
  if (!Number.isSafeInteger(keepCheckpoints) || keepCheckpoints < 1) {
    throw new HapsError("config", `openRun: keepCheckpoints is ${keepCheckpoints}; expected a whole number from 1`, {
      keepCheckpoints,
    });
  }
  const manifest = parseConfig("openRun manifest", runManifestSchema, options.manifest);
  const config = encodeJson("openRun", options.config);
  try {
    await files.makeFolder(folder);
    const releaseLock = await takeLock(files, folder, options.process ?? nodeProcess);
    try {
      return createRun({
        folder,
        releaseLock,
        ...(await settle(options, files, config, encodeJson("openRun", manifest))),
      });
    } catch (error) {
      await releaseLock().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    const advice = "expected a folder that can be read and written; check its rights and the free disk space";
    throw fileFailure(error, folder, (reason) => `openRun: ${folder} cannot be opened (${reason}); ${advice}`);
  }
}

/** Brings a locked folder into the state of its newest undamaged checkpoint. */
async function settle(
  { folder, fresh, keepCheckpoints = 1, onEvent }: OpenRunOptions,
  files: FileSystemPort,
  config: Uint8Array,
  manifest: Uint8Array,
): Promise<Omit<RunState, "folder" | "releaseLock">> {
  if (fresh !== undefined) await forgetRun(files, folder, fresh, { config, manifest });
  const resumed = await settleIdentity(files, folder, config, manifest);
  await removeLeftovers(files, folder);
  const place: CheckpointPlace = { files, folder: `${folder}/${CHECKPOINT_FOLDER}`, keep: keepCheckpoints };
  await files.makeFolder(place.folder);
  const result = await files.read(`${folder}/${RESULT_FILE}`);
  const found = await readCheckpoints(place);
  const [damage] = found?.damaged ?? [];
  // A complete run writes nothing again: falling back would only hide the damage.
  if (damage !== undefined && result !== null) throw damage;
  if (found !== null) warnOfDamage(found, onEvent);
  const kept = found?.kept ?? [];
  await pruneCheckpoints(place, kept);
  if (result === null) await settleMetrics(files, `${folder}/${METRICS_FILE}`, kept[0]?.metricsBytes ?? 0);
  await dropTornLine(files, `${folder}/${TIMINGS_FILE}`);
  return {
    place,
    resumed,
    checkpoint: found?.checkpoint ?? null,
    kept,
    result: result === null ? undefined : decodeJson(`${folder}/${RESULT_FILE}`, result),
  };
}

function warnOfDamage({ damaged, checkpoint }: FoundCheckpoints, onEvent: OpenRunOptions["onEvent"]): void {
  for (const { location, facts } of damaged) {
    const { problem } = facts;
    const message = `${location.file}: ${String(problem)}; resuming from ${stepFolder(checkpoint.step)} instead`;
    onEvent?.({ type: "warning", code: "checkpoint-damaged", message });
  }
}
