import { performance } from "node:perf_hooks";
import { loadBackend } from "@haps/tensor";
import type { ExecutionOptions } from "./job-executor.ts";
import { openJobRunner } from "./job-runner.ts";
import type { Workload } from "./workload.ts";

/** Runs jobs one after the other in this process. */
export async function runInProcess(workload: Workload, options: ExecutionOptions): Promise<void> {
  await loadBackend();
  const runner = await openJobRunner(workload);
  for (const job of options.jobs) {
    options.signal.throwIfAborted();
    const started = performance.now();
    const record = await runner.run(job, { signal: options.signal });
    options.onResult({ job, record, milliseconds: performance.now() - started });
    // Lets a pending Ctrl-C be handled between fits that never wait.
    await new Promise((next) => setImmediate(next));
  }
}
