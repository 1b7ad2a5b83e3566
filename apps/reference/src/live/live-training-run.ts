import type { LiveTraining, TrainingEvent } from "@haps/orchestrator";
import { type FileSystemPort, openRun, type ProcessPort, type Run, type RunManifest } from "@haps/run";
import { decodeTrainingState, encodeTrainingState } from "../training/training-state-files.ts";

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
    if (run.checkpoint !== null)
      training.restore(decodeTrainingState(run.checkpoint) as ReturnType<typeof training.state>);
    if (run.result !== undefined) return;
    let number = run.checkpoint?.step ?? 0;
    await run.appendTiming({ from: number, commit: options.manifest.commit });
    let unsaved = 0;
    const save = async (): Promise<void> => {
      if (unsaved === 0) return;
      number += unsaved;
      unsaved = 0;
      await run.saveCheckpoint(number, encodeTrainingState(training.state()));
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
