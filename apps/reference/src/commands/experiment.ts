import { availableParallelism } from "node:os";
import { relative, resolve } from "node:path";
import { loadBackend } from "@haps/tensor";
import { poolFolder } from "../pool/pool-folder.ts";
import { programIdentity } from "../program-identity.ts";
import { loadStudy } from "../study/load-study.ts";
import { runStudy } from "../study/run-study.ts";
import type { StudyConfig } from "../study/study-config.ts";
import { writeStudy } from "../study/write-study.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";
import { orSayHowToResume } from "./evaluate.ts";
import { printJson } from "./json-output.ts";
import { studyBars } from "./study-bars.ts";

/** Options of `haps experiment`. */
export interface ExperimentOptions {
  readonly seeds: number;
  readonly methods?: readonly string[];
  readonly workers?: number;
  readonly pool?: string;
  readonly poolSeed: number;
  readonly runs: string;
  readonly json?: boolean;
}

/** Runs a study of live methods, or goes on with it, and writes its results and report. */
export async function experiment(terminal: Terminal, name: string, options: ExperimentOptions): Promise<void> {
  const config = loadStudy(terminal, name);
  checkMethods(config, options.methods);
  const pool = options.pool ?? poolFolder(terminal.root, config.benchmark, options.poolSeed);
  const seeds = Array.from({ length: options.seeds }, (_, index) => index + 1);
  const backend = await loadBackend();
  const manifest = { ...programIdentity(), backend: backend.name, dataHash: null };
  const bars = studyBars(terminal);
  const study = await orSayHowToResume(terminal, () =>
    runStudy({
      config,
      poolFolder: resolve(terminal.cwd, pool),
      runsFolder: resolve(terminal.cwd, options.runs),
      seeds,
      ...(options.methods === undefined ? {} : { only: options.methods }),
      workers: options.workers ?? availableParallelism(),
      manifest,
      time: new Date(terminal.now()).toISOString(),
      signal: terminal.signal,
      ...bars.callbacks,
    }).finally(bars.stop),
  );
  const files = await writeStudy(study, seeds, terminal);
  if (options.json === true) return printJson(terminal, files.result);
  terminal.out(files.text);
  terminal.out(
    `\nresults: ${relative(terminal.cwd, files.markdownFile)}\nreport: ${relative(terminal.cwd, files.reportFile)}\n`,
  );
}

function checkMethods(config: StudyConfig, methods: readonly string[] | undefined): void {
  const known = [...Object.keys(config.methods), ...config.routers];
  const unknown = (methods ?? []).filter((method) => !known.includes(method));
  if (unknown.length === 0) return;
  throw new UsageError(`the study ${config.id} has no method ${unknown.join(", ")}; its methods: ${known.join(", ")}`);
}
