import type { HapsConfig } from "@haps/orchestrator";
import type { Checkpoint, FileSystemPort, ProcessPort, RunManifest } from "@haps/run";
import { openRun, type Run } from "@haps/run";
import type { FitContext, OutcomeTable, Router } from "@haps/spec";
import { type ResumableTraining, startTraining } from "../haps/create-haps.ts";
import { finishTraining, verifyFinished } from "./finished-training.ts";
import { checkpointFiles } from "./router-checkpoint.ts";
import { isTrainingConfig } from "./training-folder.ts";
import { decodeTrainingState, encodeTrainingState } from "./training-state-files.ts";

/** What to train and where to keep it. */
export interface TrainRouterOptions {
  readonly folder: string;
  readonly experiment: string;
  readonly table: OutcomeTable;
  readonly simulated: boolean;
  readonly costWeights: readonly number[];
  readonly seed: number;
  /** Forgets a training that lies in the folder. Default `false`. */
  readonly fresh?: boolean;
  /** Steps between checkpoints, at least 1. */
  readonly checkpointEvery: number;
  readonly manifest: RunManifest;
  /** Where the table came from; kept in the run's configuration. */
  readonly source: Readonly<Record<string, unknown>>;
  /** Default: the one default configuration of all experiments. */
  readonly haps?: HapsConfig;
  readonly signal: AbortSignal;
  readonly onStep?: (progress: TrainingProgress) => void;
  /** Default: the file system of Node. */
  readonly files?: FileSystemPort;
  /** Default: the running Node process. */
  readonly process?: ProcessPort;
}

/** How far a training has come. */
export interface TrainingProgress {
  readonly step: number;
  readonly steps: number;
  /** What the step measured, e.g. phase and loss. */
  readonly metrics: Readonly<Record<string, unknown>>;
}

/** A finished training. */
export interface TrainedRouter {
  /** Folder with the router's checkpoint. */
  readonly routerFolder: string;
  readonly steps: number;
  /** Step that was resumed from; 0 for a training from the start. */
  readonly resumedFrom: number;
  /** True when an earlier process had finished it. */
  readonly wasComplete: boolean;
}

type Snapshot = ReturnType<ResumableTraining["snapshot"]>;

/** Steps between looks at Ctrl-C: a few hundredths of a second. */
const STEPS_PER_TURN = 5;

/**
 * Trains HAPS on a whole table, step by step in a run folder, and keeps the router in `router/`.
 *
 * Killed at any moment and called again, it goes on from the last checkpoint and ends in the same bytes. When the signal
 * is aborted it saves a checkpoint first.
 *
 * @throws The signal's reason; errors of {@link openRun}, e.g. code `config` when the folder holds another training.
 */
export async function trainRouter(options: TrainRouterOptions): Promise<TrainedRouter> {
  const { folder } = options;
  const run = await openTrainingRun(options);
  const routerFolder = `${folder}/router`;
  try {
    const resumedFrom = run.checkpoint?.step ?? 0;
    if (run.result !== undefined) {
      await verifyFinished(run);
      return { routerFolder, steps: resumedFrom, resumedFrom, wasComplete: true };
    }
    await run.appendTiming({ from: resumedFrom, commit: options.manifest.commit });
    const training = startTraining(fitContext(options), options.haps);
    try {
      if (run.checkpoint !== null) training.restore(decodeSnapshot(run.checkpoint));
      await trainToEnd(run, training, options);
      await keepRouter(run, training, options);
    } finally {
      training.dispose();
    }
    return { routerFolder, steps: training.totalSteps, resumedFrom, wasComplete: false };
  } finally {
    await run.close();
  }
}

async function trainToEnd(run: Run, training: ResumableTraining, options: TrainRouterOptions): Promise<void> {
  const { signal, checkpointEvery } = options;
  let saved = training.completedSteps;
  const save = async (): Promise<void> => {
    if (training.completedSteps === saved) return;
    saved = training.completedSteps;
    const { state, arrays } = training.snapshot();
    await run.saveCheckpoint(saved, encodeTrainingState({ progress: state, arrays }));
  };
  while (!training.done) {
    if (signal.aborted) {
      await save();
      signal.throwIfAborted();
    }
    await oneStep(run, training, options);
    if (training.completedSteps % checkpointEvery === 0 || training.done) await save();
  }
}

async function openTrainingRun(options: TrainRouterOptions): Promise<Run> {
  const { experiment, source, seed, costWeights, checkpointEvery, files, manifest, folder } = options;
  return openRun({
    folder,
    config: { kind: "training", experiment, source, seed, costWeights, checkpointEvery, haps: options.haps ?? {} },
    // The versions hold a hash of the code: a commit that changes no code must not end a training.
    manifest: { ...manifest, commit: null },
    ...(options.fresh === true ? { fresh: { isOwn: isTrainingConfig, names: ["router"] } } : {}),
    ...(files === undefined ? {} : { files }),
    ...(options.process === undefined ? {} : { process: options.process }),
  });
}

function fitContext({ table, seed, costWeights }: TrainRouterOptions): FitContext {
  // A router never sees labels, not even while it learns.
  const rows = table.rows.map(({ question, group }) => ({ question, group, labels: {} }));
  return { task: table.task, pool: table.pool, training: { ...table, rows }, seed, costWeights };
}

async function oneStep(run: Run, training: ResumableTraining, { onStep }: TrainRouterOptions): Promise<void> {
  const metrics = { ...training.step() } as Readonly<Record<string, unknown>>;
  const step = training.completedSteps;
  await run.appendMetric({ ...metrics, completed: step });
  onStep?.({ step, steps: training.totalSteps, metrics });
  if (step % STEPS_PER_TURN === 0) await new Promise((next) => setImmediate(next));
}

async function keepRouter(run: Run, training: ResumableTraining, options: TrainRouterOptions): Promise<void> {
  const { table, experiment, simulated, seed } = options;
  const finished: { save(): Parameters<typeof checkpointFiles>[0]["saved"]; readonly router: Router } =
    training.finish();
  try {
    const files = checkpointFiles({
      facts: {
        formatVersion: 1,
        kind: "haps-router",
        experiment,
        simulated,
        task: table.task,
        pool: table.pool,
        costUnit: table.costUnit ?? null,
        seed,
        dataHash: table.hash,
      },
      table,
      steps: training.totalSteps,
      saved: finished.save(),
    });
    await finishTraining(run, training.totalSteps, files);
  } finally {
    finished.router.dispose();
  }
}

/** The trainer wrote the state and checks what it reads. */
function decodeSnapshot(checkpoint: Checkpoint): Snapshot {
  const { progress, arrays } = decodeTrainingState(checkpoint);
  return { state: progress as Snapshot["state"], arrays };
}
