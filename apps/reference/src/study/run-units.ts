import { type ChildProcess, fork } from "node:child_process";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { fromPlainError } from "../jobs/plain-error.ts";
import { runUnit, type UnitProgress } from "./run-unit.ts";
import { openStudy, type StudyPlace } from "./study-context.ts";
import type { StudyUnit } from "./study-unit.ts";
import type { UnitReply, UnitRequest } from "./unit-messages.ts";
import { saveUnit } from "./unit-records.ts";

/** Options of {@link runUnits}. */
export interface RunUnitsOptions {
  /** Processes side by side; 0: none but this one. */
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (unit: StudyUnit, progress: UnitProgress) => void;
  /** A unit is over and its record is on disk. */
  readonly onDone: (unit: StudyUnit, milliseconds: number) => void;
}

/** Time for workers to save what they have when a study is stopped. */
const GRACE_MILLISECONDS = 10_000;

/**
 * Runs units in child processes, one engine on one core each, or in this one; the records go to disk there.
 *
 * The first failure, a worker that dies, or an abort stops all workers; they save checkpoints first where they can.
 *
 * @throws The first unit's error; `Error` when a worker dies; the reason of an aborted signal.
 */
export async function runUnits(
  place: StudyPlace,
  units: readonly StudyUnit[],
  options: RunUnitsOptions,
): Promise<void> {
  const { signal } = options;
  signal.throwIfAborted();
  if (units.length === 0) return;
  if (options.workers === 0) return runHere(place, units, options);
  const pending = [...units];
  const children: ChildProcess[] = [];
  const over = new AbortController();
  try {
    await new Promise<void>((finish, fail) => {
      let running = Math.min(options.workers, units.length);
      signal.addEventListener("abort", () => fail(abortReason(signal)), { once: true, signal: over.signal });
      for (let index = running; index > 0; index -= 1) {
        const child = startWorker(place, options, fail, (send) => {
          const unit = pending.shift();
          if (unit !== undefined) return send({ type: "unit", unit });
          running -= 1;
          if (running === 0) finish();
        });
        children.push(child);
      }
    });
  } finally {
    over.abort();
    await Promise.all(children.map(stop));
  }
}

function abortReason({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error("aborted", { cause: reason });
}

async function runHere(
  place: StudyPlace,
  units: readonly StudyUnit[],
  { signal, onProgress, onDone }: RunUnitsOptions,
): Promise<void> {
  const context = await openStudy(place, signal);
  try {
    for (const unit of units) {
      const started = performance.now();
      const record = await runUnit(context, unit, { signal, onProgress: (progress) => onProgress?.(unit, progress) });
      await saveUnit(context.folder, record);
      onDone(unit, performance.now() - started);
    }
  } finally {
    await context.dispose();
  }
}

function startWorker(
  place: StudyPlace,
  { onProgress, onDone }: RunUnitsOptions,
  fail: (reason: unknown) => void,
  next: (send: (request: UnitRequest) => void) => void,
): ChildProcess {
  const child = forkWorker();
  const send = (request: UnitRequest): void => {
    child.send(request);
  };
  child.on("error", fail);
  child.on("exit", (code, signal) =>
    fail(new Error(`a worker of the study ended (${signal ?? `exit code ${code}`}); out of memory is the usual cause`)),
  );
  child.on("message", (message: UnitReply) => {
    switch (message.type) {
      case "ready":
        return next(send);
      case "progress":
        return onProgress?.(message.unit, message);
      case "done":
        onDone(message.unit, message.milliseconds);
        return next(send);
      case "failed":
        return fail(fromPlainError(message.error));
      default:
        return message satisfies never;
    }
  });
  send({ type: "open", place });
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.removeAllListeners();
  child.on("error", () => undefined);
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  // The channel stays open until the worker ends: when it closes, the worker takes this process for dead.
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MILLISECONDS);
  await gone;
  clearTimeout(timer);
}

/** Runs the compiled worker, or its source through tsx when this file itself is source. */
function forkWorker(): ChildProcess {
  const source = import.meta.url.endsWith(".ts");
  const file = fileURLToPath(new URL(source ? "./unit-worker.ts" : "./unit-worker.js", import.meta.url));
  const execArgv = source ? ["--conditions=@haps/source", "--import", "tsx"] : [];
  const cwd = fileURLToPath(new URL("../../", import.meta.url));
  return fork(file, [], { execArgv, ...(source ? { cwd } : {}), stdio: ["ignore", "ignore", "inherit", "ipc"] });
}
