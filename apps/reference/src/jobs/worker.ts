/**
 * @module Entry of a worker process: opens one workload, then runs the jobs it is sent, one at a time.
 *
 * A worker ignores Ctrl-C, which reaches the whole process group: the command decides when workers end.
 */
import { performance } from "node:perf_hooks";
import { loadBackend } from "@haps/tensor";
import { type JobRunner, openJobRunner } from "./job-runner.ts";
import type { WorkerReply, WorkerRequest } from "./messages.ts";
import { toPlainError } from "./plain-error.ts";
import { nameOfJob } from "./workload.ts";

let runner: JobRunner | undefined;

function reply(message: WorkerReply): void {
  process.send?.(message);
}

async function handle(request: WorkerRequest): Promise<void> {
  if (request.type === "open") {
    await loadBackend();
    runner = await openJobRunner(request.workload);
    reply({ type: "ready" });
    return;
  }
  if (runner === undefined) throw new Error("internal: a job came before its workload");
  const name = nameOfJob(request.job);
  const started = performance.now();
  const record = await runner.run(request.job, {
    onEvent: (event) => {
      if (event.type === "fit-step" && event.step % 25 === 0) {
        reply({ type: "progress", name, phase: event.phase, step: event.step, steps: event.steps });
      }
    },
  });
  reply({ type: "done", name, record, milliseconds: performance.now() - started });
}

process.on("SIGINT", () => undefined);
process.on("disconnect", () => process.exit(0));
process.on("message", (request: WorkerRequest) => {
  handle(request).catch((error: unknown) => {
    reply({ type: "failed", name: request.type === "job" ? nameOfJob(request.job) : null, error: toPlainError(error) });
  });
});
