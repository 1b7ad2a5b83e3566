import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { loadBackend } from "@haps/tensor";
import { ownSplits, resolveSubject, type Subject } from "../experiments/resolve-subject.ts";
import { type CostField, sourceIdentity } from "../experiments/table-source.ts";
import { Interrupted } from "../interrupted.ts";
import { programIdentity } from "../program-identity.ts";
import { createProgress } from "../terminal/progress.ts";
import { type Terminal, worldOf } from "../terminal/terminal.ts";
import { type TrainedRouter, type TrainingProgress, trainRouter } from "../training/train-router.ts";
import { isTrainingFolder } from "../training/training-folder.ts";
import { UsageError } from "../usage-error.ts";
import { commandLine } from "./command-line.ts";
import { printJson } from "./json-output.ts";

/** Options of `haps train`. */
export interface TrainOptions {
  readonly outcomes?: string;
  readonly costFrom?: CostField;
  readonly out?: string;
  readonly resume?: boolean;
  readonly fresh?: boolean;
  readonly seed: number;
  readonly checkpointEvery: number;
  readonly runs: string;
  readonly json?: boolean;
}

/** Trains HAPS on all outcomes of an experiment or file and keeps the router. */
export async function train(terminal: Terminal, experiment: string | undefined, options: TrainOptions): Promise<void> {
  const subject = await resolveSubject({ ...options, ...worldOf(terminal), experiment });
  const folder =
    options.out === undefined
      ? join(resolve(terminal.cwd, options.runs), "train", fileName(subject.name))
      : resolve(terminal.cwd, options.out);
  settleFolder(folder, options);
  const trained = await trainSubject(terminal, subject, {
    folder,
    fresh: options.fresh === true,
    seed: options.seed,
    checkpointEvery: options.checkpointEvery,
  });
  const shown = relative(terminal.cwd, trained.routerFolder) || trained.routerFolder;
  if (options.json === true) {
    const { table, simulated } = subject.opened;
    return printJson(terminal, {
      experiment: subject.name,
      simulated,
      questions: table.rows.length,
      arms: table.arms.length,
      steps: trained.steps,
      resumedFrom: trained.resumedFrom,
      wasComplete: trained.wasComplete,
      folder,
      router: trained.routerFolder,
    });
  }
  const label = subject.opened.simulated ? terminal.colours.yellow(" [simulated]") : "";
  terminal.out(
    `${trained.wasComplete ? "was trained already" : "trained"}: ${shown}${label}\nroute a question: ${commandLine("route", shown, "your question")}\n`,
  );
}

/** Trains on a subject's table with progress on standard error. */
export async function trainSubject(
  terminal: Terminal,
  subject: Subject,
  options: {
    readonly folder: string;
    readonly fresh: boolean;
    readonly seed: number;
    readonly checkpointEvery: number;
  },
): Promise<TrainedRouter> {
  const { table, simulated } = subject.opened;
  const backend = await loadBackend();
  const program = programIdentity();
  terminal.note(
    `${subject.name}${simulated ? " (simulated)" : ""}: training HAPS on ${table.rows.length} questions, ${table.arms.length} arms\n  ${backend.hint}\n`,
  );
  const splits = ownSplits(subject);
  if (splits !== undefined) {
    terminal.note(
      `  note: rows of all splits are learned from (${splits}); leave out of the file what is to stay unseen\n`,
    );
  }
  let progress: ReturnType<typeof createProgress> | undefined;
  const onStep = ({ step, steps, metrics }: TrainingProgress): void => {
    progress ??= createProgress(terminal, { label: "training", total: steps, unit: "steps" });
    const { phase, loss } = metrics;
    progress.update(
      step,
      `${typeof phase === "string" ? phase : ""}${typeof loss === "number" ? `, loss ${loss.toFixed(4)}` : ""}`,
    );
  };
  try {
    return await trainRouter({
      ...options,
      experiment: subject.name,
      table,
      simulated,
      costWeights: subject.costWeights,
      manifest: { versions: program.versions, backend: backend.name, commit: program.commit, dataHash: table.hash },
      source: sourceIdentity(subject.source),
      signal: terminal.signal,
      onStep,
    });
  } catch (error) {
    progress?.stop();
    if (error instanceof Interrupted) {
      terminal.note("stopped and saved; run the same command again with --resume to go on from here\n");
    }
    throw error;
  } finally {
    progress?.stop();
  }
}

/** A name that can be a folder's. */
export function fileName(name: string): string {
  return name.replace(/[^\w.-]+/g, "-").slice(0, 60);
}

function settleFolder(folder: string, { resume, fresh }: TrainOptions): void {
  if (resume === true && fresh === true)
    throw new UsageError("--resume and --fresh exclude each other; give one of them");
  const begun = existsSync(join(folder, "config.json"));
  if (begun && resume !== true && !isTrainingFolder(folder)) {
    throw new UsageError(`${folder} holds a config.json that is not of a training; choose another --out`);
  }
  if (fresh === true || !begun || resume === true) {
    if (resume === true && !begun)
      throw new UsageError(`--resume: no training in ${folder}; leave --resume out to start one`);
    return;
  }
  const state = existsSync(join(folder, "result.json")) ? "a finished" : "an unfinished";
  const way = state === "a finished" ? "--fresh to train anew" : "--resume to go on, --fresh to start anew";
  throw new UsageError(`${folder} holds ${state} training; add ${way}, or choose another --out`);
}
