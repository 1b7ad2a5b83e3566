import { join } from "node:path";
import type { JobRecord } from "@haps/evaluation";
import { appendOpening, openRun, type Run, type RunManifest } from "@haps/run";
import { canonicalJson } from "@haps/spec";
import { loadBackend } from "@haps/tensor";
import { type OpenedTable, openTable } from "../experiments/open-table.ts";
import type { JobProgress } from "../jobs/job-executor.ts";
import { runInProcess } from "../jobs/run-in-process.ts";
import { runInWorkers } from "../jobs/run-in-workers.ts";
import { type Job, planWork } from "../jobs/workload.ts";
import { type ProgramIdentity, programIdentity } from "../program-identity.ts";
import { createProgress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { buildResult } from "./build-result.ts";
import { type EvaluationRequest, requestHash, shortHash, workloadIdentity } from "./evaluation-request.ts";
import { type EvaluationResult, evaluationResultSchema } from "./evaluation-result.ts";
import { isKept, type JobStore, openJobStore } from "./job-store.ts";

/** Name of the log of openings in the runs folder. */
const OPENINGS_FILE = "openings.jsonl";

/** How to run an evaluation. */
export interface RunEvaluationOptions {
  readonly terminal: Terminal;
  /** Folder that holds all runs. */
  readonly runsFolder: string;
  /** Number of worker processes; 0 fits in this process. */
  readonly workers: number;
  /** Drops fits of earlier runs of the same workload first. */
  readonly fresh: boolean;
  /** Table that was opened already. */
  readonly opened?: OpenedTable;
}

/** A finished evaluation and where it lies. */
export interface FinishedEvaluation {
  readonly result: EvaluationResult;
  /** Folder with `result.json` and `report.html`. */
  readonly folder: string;
  readonly reportFile: string;
}

/**
 * Runs the fits that are not finished yet, then computes, keeps and reports the result.
 *
 * @throws The reason of the terminal's signal on Ctrl-C: finished fits are kept, and the same request goes on from there.
 */
export async function runEvaluation(
  request: EvaluationRequest,
  options: RunEvaluationOptions,
): Promise<FinishedEvaluation> {
  const { terminal } = options;
  const started = terminal.now();
  const opened = options.opened ?? (await openTable(request.workload.source));
  const backend = await loadBackend();
  terminal.note(`  ${backend.hint}\n`);
  const program = programIdentity();
  const manifest = {
    versions: program.versions,
    backend: backend.name,
    commit: program.commit,
    dataHash: opened.table.hash,
  };
  const run = await openEvaluationRun(request, manifest, options);
  try {
    const jobs = plannedJobs(request);
    const store = await openJobStore(run, jobs);
    const openings = await noteOpening(request, manifest, program, options);
    const { ran, fitSeconds } = await runMissing({ request, jobs, store, options });
    const workers = options.workers;
    const result = buildResult({
      request,
      table: opened.table,
      simulated: opened.simulated,
      records: recordsOf(jobs, store, undefined),
      permutedRecords: (permutation) => recordsOf(jobs, store, permutation),
      provenance: {
        commit: program.commit ?? "unknown",
        configHash: shortHash(canonicalJson(workloadIdentity(request))),
        dataHash: opened.table.hash,
        backend: backend.name,
        versions: program.versions,
        started: new Date(started).toISOString(),
        finished: new Date(terminal.now()).toISOString(),
        jobs: ran,
        fitSeconds,
        workers,
        openings,
      },
    });
    return await keepResult(run, request, result);
  } finally {
    await run.close();
  }
}

async function openEvaluationRun(
  request: EvaluationRequest,
  manifest: RunManifest,
  { runsFolder, fresh }: RunEvaluationOptions,
): Promise<Run> {
  const config = workloadIdentity(request);
  // The versions hold a hash of the code: a commit that changes no code must not cost the fits that are kept.
  const identity = { ...manifest, commit: null };
  const name = request.experiment.name.replace(/[^\w-]+/g, "-").slice(0, 60);
  const folder = join(runsFolder, "evaluate", `${name}-${shortHash(canonicalJson({ config, manifest: identity }))}`);
  const isOwn = (found: unknown): boolean => canonicalJson(found) === canonicalJson(config);
  return openRun({ folder, config, manifest: identity, ...(fresh ? { fresh: { isOwn, names: ["jobs"] } } : {}) });
}

function plannedJobs(request: EvaluationRequest): Job[] {
  const { methods, seeds, permutations } = request;
  const { folds } = request.workload;
  const permuted = Array.from({ length: permutations }, (_, index) => index + 1);
  return [
    ...planWork({ methods, seeds, folds }),
    ...(permutations === 0 ? [] : planWork({ methods: ["haps"], seeds, folds, permutations: permuted })),
  ];
}

function noteOpening(
  request: EvaluationRequest,
  manifest: RunManifest,
  program: ProgramIdentity,
  { terminal, runsFolder }: RunEvaluationOptions,
): Promise<number> {
  return appendOpening(join(runsFolder, OPENINGS_FILE), {
    time: new Date(terminal.now()).toISOString(),
    experiment: request.experiment.name,
    commit: program.commit,
    program: program.versions.haps ?? "unknown",
    configHash: shortHash(canonicalJson(workloadIdentity(request))),
    dataHash: manifest.dataHash ?? "",
    methods: [...request.methods],
    seeds: request.seeds,
    permutations: request.permutations,
  });
}

interface PendingWork {
  readonly request: EvaluationRequest;
  readonly jobs: readonly Job[];
  readonly store: JobStore;
  readonly options: RunEvaluationOptions;
}

async function runMissing({
  request,
  jobs,
  store,
  options,
}: PendingWork): Promise<{ ran: number; fitSeconds: number }> {
  const { terminal, workers } = options;
  const missing = jobs.filter((job) => store.get(job) === undefined);
  const kept = jobs.length - missing.length;
  const processes = Math.min(workers, missing.length);
  terminal.note(
    `  ${jobs.length} fits${kept === 0 ? "" : `, ${kept} of them kept from earlier`}${processes > 0 ? `, ${processes} worker${processes === 1 ? "" : "s"}` : ""}\n`,
  );
  const progress = createProgress(terminal, { label: request.experiment.name, total: missing.length, unit: "fits" });
  let done = 0;
  let saved = kept;
  let milliseconds = 0;
  const execution = {
    jobs: missing,
    signal: terminal.signal,
    onResult: (result: Parameters<JobStore["add"]>[0]): void => {
      store.add(result);
      done += 1;
      if (isKept(result.job)) saved += 1;
      milliseconds += result.milliseconds;
      progress.update(done, `${result.job.method}, seed ${result.job.seed}`);
    },
  };
  const onProgress = ({ name, phase, step, steps }: JobProgress): void => {
    progress.update(done, `${name} ${phase} ${step}/${steps}`);
  };
  try {
    if (workers === 0) await runInProcess(request.workload, execution);
    else await runInWorkers(request.workload, workers, { ...execution, onProgress });
  } catch (error) {
    if (terminal.signal.aborted) terminal.note(`  ${saved} of ${jobs.length} fits are kept\n`);
    throw error;
  } finally {
    progress.stop();
    await store.settle();
  }
  return { ran: missing.length, fitSeconds: milliseconds / 1000 };
}

function recordsOf(jobs: readonly Job[], store: JobStore, permutation: number | undefined): JobRecord[] {
  return jobs.flatMap((job) => (job.permutation === permutation ? (store.get(job) ?? []) : []));
}

async function keepResult(run: Run, request: EvaluationRequest, built: EvaluationResult): Promise<FinishedEvaluation> {
  // Through JSON, so that the result at hand is the result that a later command reads.
  const result = evaluationResultSchema.parse(JSON.parse(JSON.stringify(built)));
  // Loading the charts takes longer than most commands do.
  const { renderReport } = await import("../report/render-report.ts");
  const path = `results/${requestHash(request)}`;
  const encoder = new TextEncoder();
  await run.writeFile(`${path}/result.json`, encoder.encode(`${JSON.stringify(result, null, 2)}\n`));
  await run.writeFile(`${path}/report.html`, encoder.encode(renderReport(result)));
  const folder = join(run.folder, path);
  return { result, folder, reportFile: join(folder, "report.html") };
}
