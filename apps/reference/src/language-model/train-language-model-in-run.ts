import type {
  LanguageModel,
  LanguageModelTrainer,
  LanguageModelTrainingState,
  LanguageModelTrainingStep,
} from "@haps/language-model";
import { type FileSystemPort, openRun, type ProcessPort, type Run, type RunManifest } from "@haps/run";
import { HapsError } from "@haps/spec";
import { decodeTrainingState, encodeTrainingState } from "../training/training-state-files.ts";

/** What to train and where to keep it. */
export interface TrainLanguageModelOptions {
  /** Of the run; made where it is missing. */
  readonly folder: string;
  /** Not trained yet, from the same seed each time. It is borrowed, and holds the trained weights afterwards. */
  readonly model: LanguageModel;
  /** Of `model`, not stepped yet. */
  readonly trainer: LanguageModelTrainer;
  /** Updates in all. */
  readonly steps: number;
  /** Updates between checkpoints, at least 1. */
  readonly checkpointEvery: number;
  /** Everything that decides what comes out, e.g. trainer's configuration, seeds and hash of the data; plain JSON. */
  readonly identity: Readonly<Record<string, unknown>>;
  readonly manifest: RunManifest;
  /** Forgets a training of a language model that lies in the folder. Default `false`. */
  readonly fresh?: boolean;
  readonly signal: AbortSignal;
  readonly onStep?: (step: LanguageModelTrainingStep) => void;
  /** Default: the file system of Node. */
  readonly files?: FileSystemPort;
  /** Default: the running Node process. */
  readonly process?: ProcessPort;
}

/** A finished training of a language model. */
export interface TrainedLanguageModel {
  readonly steps: number;
  /** Tokens that counted, in all steps. */
  readonly tokens: number;
  /** Step that was resumed from; 0 for a training from the start. */
  readonly resumedFrom: number;
  /** True when an earlier process had finished it. */
  readonly wasComplete: boolean;
}

const KIND = "language-model-training";

/**
 * Trains a language model step by step in a run folder.
 *
 * Killed at any moment and called again with an untrained model, it goes on from the last checkpoint and ends in the same bytes. When
 * the signal is aborted it saves a checkpoint first. A training that diverges leaves its last checkpoint in force. Called on a
 * finished run it only loads the trained weights.
 *
 * @throws The signal's reason; errors of the trainer; errors of {@link openRun}, e.g. code `config` when the folder holds another
 *   training.
 */
export async function trainLanguageModelInRun(options: TrainLanguageModelOptions): Promise<TrainedLanguageModel> {
  const { trainer, steps } = options;
  const run = await open(options);
  try {
    const resumedFrom = run.checkpoint?.step ?? 0;
    if (run.checkpoint !== null) trainer.restore(decodeTrainingState(run.checkpoint) as LanguageModelTrainingState);
    else assertUntrained(trainer);
    const wasComplete = run.result !== undefined;
    if (!wasComplete) {
      await run.appendTiming({ from: resumedFrom, commit: options.manifest.commit });
      await trainToEnd(run, options);
    }
    const { tokens } = trainer.state().progress;
    if (!wasComplete) await run.finish({ steps, tokens });
    return { steps, tokens, resumedFrom, wasComplete };
  } finally {
    await run.close();
  }
}

async function open(options: TrainLanguageModelOptions): Promise<Run> {
  const { folder, model, steps, checkpointEvery, identity, manifest, files } = options;
  return openRun({
    folder,
    config: { kind: KIND, model: { ...model.config }, steps, checkpointEvery, ...identity },
    // The versions hold a hash of the code: a commit that changes no code must not end a training.
    manifest: { ...manifest, commit: null },
    ...(options.fresh === true ? { fresh: { isOwn: isLanguageModelTraining, names: [] } } : {}),
    ...(files === undefined ? {} : { files }),
    ...(options.process === undefined ? {} : { process: options.process }),
  });
}

/** A run has to begin where it says that it begins. */
function assertUntrained({ completedSteps }: LanguageModelTrainer): void {
  if (completedSteps === 0) return;
  throw new HapsError(
    "state",
    `trainLanguageModelInRun: the trainer has made ${completedSteps} steps; expected none; make model and trainer anew`,
    { completedSteps },
  );
}

/** Whether a run's configuration is that of a training of a language model. */
function isLanguageModelTraining(config: unknown): boolean {
  return typeof config === "object" && config !== null && "kind" in config && config.kind === KIND;
}

async function trainToEnd(run: Run, options: TrainLanguageModelOptions): Promise<void> {
  const { trainer, steps, checkpointEvery, signal, onStep } = options;
  let saved = trainer.completedSteps;
  const save = async (): Promise<void> => {
    if (trainer.completedSteps === saved) return;
    await run.saveCheckpoint(trainer.completedSteps, encodeTrainingState(trainer.state()));
    saved = trainer.completedSteps;
  };
  while (trainer.completedSteps < steps) {
    if (signal.aborted) {
      await save();
      signal.throwIfAborted();
    }
    const step = trainer.step();
    await run.appendMetric({ ...step });
    onStep?.(step);
    if (trainer.completedSteps % checkpointEvery === 0 || trainer.completedSteps === steps) await save();
    // Steps never wait: without a turn of the event loop Ctrl-C would not be heard.
    await new Promise((next) => setImmediate(next));
  }
}
