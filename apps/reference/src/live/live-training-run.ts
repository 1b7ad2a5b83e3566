import type { LiveTraining, LiveTrainingProgress, TrainingEvent } from "@haps/orchestrator";
import {
  type Checkpoint,
  type CheckpointFiles,
  type FileSystemPort,
  openRun,
  type ProcessPort,
  type Run,
  type RunManifest,
} from "@haps/run";
import { canonicalJson } from "@haps/spec";
import { readSafetensors, writeSafetensors } from "@haps/tensor";

/** A live training and where to keep it. */
export interface LiveTrainingRunOptions<Step, Progress> {
  /** Of the run; made where it is missing. */
  readonly folder: string;
  /** Not advanced yet. */
  readonly training: LiveTraining<Step, Progress>;
  /** Everything that decides what comes out; plain JSON. */
  readonly identity: Readonly<Record<string, unknown>>;
  readonly manifest: RunManifest;
  /** Steps between checkpoints, at least 1; every look at valid makes one too. */
  readonly checkpointEvery: number;
  readonly signal: AbortSignal;
  readonly fresh?: boolean;
  readonly onEvent?: (event: TrainingEvent<Step>) => void;
  readonly files?: FileSystemPort;
  readonly process?: ProcessPort;
}

const KIND = "live-training";

/**
 * Advances a live training to its end in a run folder.
 *
 * Killed at any moment and called again with an untouched training, it goes on from the last checkpoint and ends in the same bytes.
 * When the signal is aborted it saves a checkpoint first. Called on a finished run it only loads the end.
 *
 * @throws The signal's reason; errors of the training; errors of `openRun`, code `config` when the folder holds another training.
 */
export async function runLiveTraining<Step extends object, Progress>(
  options: LiveTrainingRunOptions<Step, Progress>,
): Promise<void> {
  const { training, signal, checkpointEvery, onEvent } = options;
  const run = await open(options);
  try {
    if (run.checkpoint !== null) training.restore(decodeState(run.checkpoint));
    if (run.result !== undefined) return;
    let number = run.checkpoint?.step ?? 0;
    await run.appendTiming({ from: number, commit: options.manifest.commit });
    let unsaved = 0;
    const save = async (): Promise<void> => {
      if (unsaved === 0) return;
      number += unsaved;
      unsaved = 0;
      await run.saveCheckpoint(number, encodeState(training.state()));
    };
    while (!training.done) {
      const event = await advanceUnlessAborted(training, signal);
      if (event === null) {
        await save();
        throw signal.reason;
      }
      unsaved += 1;
      await run.appendMetric({ ...event });
      onEvent?.(event);
      if (event.kind !== "step" || unsaved >= checkpointEvery) await save();
    }
    await save();
    await run.finish({ stopReason: training.stopReason, best: training.best, curve: training.curve });
  } finally {
    await run.close();
  }
}

/** `null` when the signal has fired; the training then stands where it stood before. */
async function advanceUnlessAborted<Step, Progress>(
  training: LiveTraining<Step, Progress>,
  signal: AbortSignal,
): Promise<TrainingEvent<Step> | null> {
  if (signal.aborted) return null;
  try {
    return await training.advance({ signal });
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

async function open<Step, Progress>(options: LiveTrainingRunOptions<Step, Progress>): Promise<Run> {
  const { folder, identity, manifest, files, process } = options;
  return openRun({
    folder,
    config: { kind: KIND, ...identity },
    manifest: { ...manifest, commit: null },
    ...(options.fresh === true ? { fresh: { isOwn: isLiveTraining, names: [] } } : {}),
    ...(files === undefined ? {} : { files }),
    ...(process === undefined ? {} : { process }),
  });
}

function isLiveTraining(config: unknown): boolean {
  return typeof config === "object" && config !== null && "kind" in config && config.kind === KIND;
}

function encodeState<Progress>({
  progress,
  arrays,
}: ReturnType<LiveTraining<unknown, Progress>["state"]>): CheckpointFiles {
  return {
    // Canonical: a state that was read has its fields in another order than one that was made.
    "state.json": new TextEncoder().encode(`${canonicalJson(progress)}\n`),
    "arrays.safetensors": writeSafetensors(arrays),
  };
}

function decodeState<Progress>({ files }: Checkpoint): ReturnType<LiveTraining<unknown, Progress>["state"]> {
  const bytes = (name: string): Uint8Array => {
    const found = files[name];
    if (found === undefined) throw new Error(`internal: the checkpoint has no ${name}`);
    return found;
  };
  // The training wrote the progress and checks what it reads.
  const progress = JSON.parse(new TextDecoder().decode(bytes("state.json"))) as LiveTrainingProgress<Progress>;
  return { progress, arrays: readSafetensors(bytes("arrays.safetensors")).arrays };
}
