import { HapsError } from "@haps/spec";
import {
  type Checkpoint,
  type CheckpointFiles,
  type CheckpointPlace,
  type CheckpointPointer,
  writeCheckpoint,
} from "./checkpoint-store.ts";
import { fileFailure } from "./file-failure.ts";
import { encodeJson, encodeJsonLine } from "./json-file.ts";
import { METRICS_FILE, RESERVED_NAMES, RESULT_FILE, TIMINGS_FILE } from "./run-layout.ts";
import { folderOf, LEFTOVER_ENDING, writeFileAtomic } from "./write-file-atomic.ts";

/**
 * An open run folder. Calls are carried out one after the other in the order made; after a failed write all later calls
 * reject with code `state`, because the folder must then be opened again and resumed.
 */
export interface Run {
  readonly folder: string;
  /** True when the folder was there already. */
  readonly resumed: boolean;
  /** The checkpoint to continue from; `null`: start at the beginning. */
  readonly checkpoint: Checkpoint | null;
  /** What {@link Run.finish} was given by the process that finished; `undefined` while unfinished. */
  readonly result: unknown;
  /** Adds one line to `metrics.jsonl`; lines after the last checkpoint are dropped by a resume and written again. */
  appendMetric(record: Readonly<Record<string, unknown>>): Promise<void>;
  /** Adds one line to `timings.jsonl`, the place for wall-clock times; kept by a resume, left out of comparisons. */
  appendTiming(record: Readonly<Record<string, unknown>>): Promise<void>;
  /** Saves the state to continue from. `step` must grow. */
  saveCheckpoint(step: number, files: CheckpointFiles): Promise<void>;
  /** Writes another file of the run atomically, e.g. `report.html` or `jobs/haps.seed-0.fold-1.json`. */
  writeFile(path: string, bytes: Uint8Array): Promise<void>;
  /** Reads a file written by {@link Run.writeFile}; `null` where there is none. */
  readFile(path: string): Promise<Uint8Array | null>;
  /** Writes `result.json`: the run is complete. */
  finish(result: unknown): Promise<void>;
  /** Waits for pending calls and gives the lock back; may be called twice. Later calls reject with code `disposed`. */
  close(): Promise<void>;
}

const KEPT = "the last checkpoint is kept: free disk space if that is the reason, then open the run again to resume";

/** What {@link createRun} needs: the state that opening the folder found. */
export interface RunState {
  readonly place: CheckpointPlace;
  readonly folder: string;
  readonly resumed: boolean;
  readonly checkpoint: Checkpoint | null;
  /** Checkpoints that can be resumed from, newest first. */
  readonly kept: readonly CheckpointPointer[];
  readonly result: unknown;
  readonly releaseLock: () => Promise<void>;
}

/** A run on a folder that is locked and settled. */
export function createRun(state: RunState): Run {
  const { folder, place, checkpoint } = state;
  const { files } = place;
  let kept = state.kept;
  let metricsBytes = kept[0]?.metricsBytes ?? 0;
  let complete = state.result !== undefined;
  let closing: Promise<void> | undefined;
  let broken: { readonly cause: unknown } | undefined;
  const enqueue = createQueue();
  const call = async <Value>(operation: string, work: () => Promise<Value>): Promise<Value> => {
    if (closing !== undefined) throw closedError(operation, folder);
    return enqueue(async () => {
      if (broken !== undefined) throw brokenError(operation, folder, broken.cause);
      try {
        return await work();
      } catch (error) {
        // A refusal of ours comes before anything is written; any other error may have left half a line.
        if (HapsError.isInstance(error)) throw error;
        broken = { cause: error };
        throw fileFailure(
          error,
          folder,
          (reason) => `${operation}: the run in ${folder} cannot be written (${reason}); ${KEPT}`,
        );
      }
    });
  };
  const advance = (operation: string, work: () => Promise<void>): Promise<void> =>
    call(operation, () => (complete ? Promise.reject(completeError(operation, folder)) : work()));
  return {
    folder,
    resumed: state.resumed,
    checkpoint,
    result: state.result,
    appendMetric: async (record) => {
      const line = encodeJsonLine("appendMetric", record);
      await advance("appendMetric", async () => {
        await files.append(`${folder}/${METRICS_FILE}`, line);
        metricsBytes += line.byteLength;
      });
    },
    appendTiming: async (record) => {
      const line = encodeJsonLine("appendTiming", record);
      await call("appendTiming", () => files.append(`${folder}/${TIMINGS_FILE}`, line));
    },
    saveCheckpoint: (step, content) =>
      advance("saveCheckpoint", async () => {
        await files.sync(`${folder}/${METRICS_FILE}`);
        kept = await writeCheckpoint(place, kept, { step, files: content }, metricsBytes);
      }),
    writeFile: (path, bytes) =>
      call("writeFile", async () => {
        assertOwnPath("writeFile", path);
        await files.makeFolder(folderOf(`${folder}/${path}`));
        await writeFileAtomic(files, `${folder}/${path}`, bytes);
      }),
    readFile: (path) =>
      call("readFile", () => {
        assertOwnPath("readFile", path);
        return files.read(`${folder}/${path}`);
      }),
    finish: async (result) => {
      const bytes = encodeJson("finish", result);
      await advance("finish", async () => {
        await files.sync(`${folder}/${METRICS_FILE}`);
        await writeFileAtomic(files, `${folder}/${RESULT_FILE}`, bytes);
        complete = true;
      });
    },
    close: () => {
      closing ??= enqueue(() => Promise.resolve())
        .catch(() => undefined)
        .then(state.releaseLock);
      return closing;
    },
  };
}

/** Runs one piece of work after the other. */
function createQueue() {
  let last: Promise<unknown> = Promise.resolve();
  return <Value>(work: () => Promise<Value>): Promise<Value> => {
    const next = last.then(work, work);
    last = next;
    return next;
  };
}

function assertOwnPath(operation: string, path: string): void {
  const segments = path.split("/");
  const plain = segments.every((segment) => /^[\w%-][\w.%-]*$/.test(segment)) && !path.endsWith(LEFTOVER_ENDING);
  if (plain && !RESERVED_NAMES.includes(segments[0] as string)) return;
  throw new HapsError(
    "config",
    `${operation}: ${JSON.stringify(path)} cannot be used; expected a relative path of letters, digits, "_", "-", "%" and "." that is none of ${RESERVED_NAMES.join(", ")}`,
    { path },
  );
}

function closedError(operation: string, folder: string): HapsError {
  return new HapsError("disposed", `${operation}: the run in ${folder} is closed; open it again`, { folder });
}

function brokenError(operation: string, folder: string, cause: unknown): HapsError {
  const problem = `an earlier write to the run in ${folder} failed; close the run and open it again to resume`;
  return new HapsError("state", `${operation}: ${problem}`, { folder }, { cause });
}

function completeError(operation: string, folder: string): HapsError {
  return new HapsError(
    "state",
    `${operation}: the run in ${folder} is complete; expected an unfinished run; use another folder for another run`,
    { folder },
  );
}
