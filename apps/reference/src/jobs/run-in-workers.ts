import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ExecutionOptions } from "./job-executor.ts";
import type { WorkerReply, WorkerRequest } from "./messages.ts";
import { fromPlainError } from "./plain-error.ts";
import { batchKey, type Job, nameOfJob, type Workload } from "./workload.ts";

interface WorkerState {
  readonly process: ChildProcess;
  job: Job | undefined;
  lastBatch: string | undefined;
}

/**
 * Runs jobs in child processes: one engine computes on one core, so two processes use two.
 *
 * A worker prefers jobs of the fold it has just fitted features for, then folds that nobody has begun.
 * The first failure, a worker that dies, or an abort stops all workers; what was passed to `onResult` is kept.
 *
 * @throws The first job's error; `Error` when a worker dies; the reason of an aborted signal.
 */
export async function runInWorkers(workload: Workload, workers: number, options: ExecutionOptions): Promise<void> {
  const { signal, jobs } = options;
  signal.throwIfAborted();
  if (jobs.length === 0) return;
  const pending = [...jobs];
  const states: WorkerState[] = [];
  const stop = (): void => {
    for (const state of states) state.process.kill("SIGKILL");
  };
  try {
    await new Promise<void>((finish, fail) => {
      let running = Math.min(workers, jobs.length);
      signal.addEventListener("abort", () => fail(abortReason(signal)), { once: true });
      const dispatch = (state: WorkerState): void => {
        const job = takeJob(pending, state, states);
        state.job = job;
        if (job !== undefined) {
          state.lastBatch = batchKey(job);
          send(state.process, { type: "job", job });
          return;
        }
        running -= 1;
        if (running === 0) finish();
      };
      for (let index = running; index > 0; index -= 1) {
        states.push(startWorker(workload, { dispatch, fail, options }));
      }
    });
  } finally {
    stop();
  }
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("aborted", { cause: signal.reason });
}

interface Callbacks {
  readonly dispatch: (state: WorkerState) => void;
  readonly fail: (reason: unknown) => void;
  readonly options: ExecutionOptions;
}

function startWorker(workload: Workload, { dispatch, fail, options }: Callbacks): WorkerState {
  const child = forkWorker();
  const state: WorkerState = { process: child, job: undefined, lastBatch: undefined };
  child.on("error", fail);
  child.on("exit", (code, signal) => {
    const doing = state.job === undefined ? "before its first job" : `during ${nameOfJob(state.job)}`;
    fail(new Error(`a worker ended ${doing} (${signal ?? `exit code ${code}`}); out of memory is the usual cause`));
  });
  child.on("message", (message: WorkerReply) => {
    try {
      handleReply(message, state, { dispatch, fail, options });
    } catch (error) {
      fail(error);
    }
  });
  send(child, { type: "open", workload });
  return state;
}

function handleReply(message: WorkerReply, state: WorkerState, { dispatch, fail, options }: Callbacks): void {
  switch (message.type) {
    case "ready":
      dispatch(state);
      return;
    case "progress":
      options.onProgress?.(message);
      return;
    case "done":
      if (state.job === undefined) throw new Error(`internal: result of ${message.name}, which nobody runs`);
      options.onResult({ job: state.job, record: message.record, milliseconds: message.milliseconds });
      dispatch(state);
      return;
    case "failed":
      fail(fromPlainError(message.error));
      return;
    default:
      message satisfies never;
  }
}

function send(child: ChildProcess, request: WorkerRequest): void {
  child.send(request);
}

function takeJob(pending: Job[], state: WorkerState, states: readonly WorkerState[]): Job | undefined {
  const taken = new Set(states.filter((other) => other !== state).map((other) => other.lastBatch));
  const same = pending.findIndex((job) => batchKey(job) === state.lastBatch);
  const fresh = pending.findIndex((job) => !taken.has(batchKey(job)));
  const index = same >= 0 ? same : Math.max(fresh, 0);
  return pending.splice(index, 1)[0];
}

/** Runs the compiled worker, or its source through tsx when this file itself is source. */
function forkWorker(): ChildProcess {
  const source = import.meta.url.endsWith(".ts");
  const file = fileURLToPath(new URL(source ? "./worker.ts" : "./worker.js", import.meta.url));
  const execArgv = source ? ["--conditions=@haps/source", "--import", "tsx"] : [];
  const cwd = fileURLToPath(new URL("../../", import.meta.url));
  return fork(file, [], { execArgv, ...(source ? { cwd } : {}), stdio: ["ignore", "ignore", "inherit", "ipc"] });
}
