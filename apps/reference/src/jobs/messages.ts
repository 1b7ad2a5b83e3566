import type { JobRecord } from "@haps/evaluation";
import type { ErrorCode } from "@haps/spec";
import type { JobProgress } from "./job-executor.ts";
import type { Job, Workload } from "./workload.ts";

/** What the command sends to a worker. */
export type WorkerRequest =
  | { readonly type: "open"; readonly workload: Workload }
  | { readonly type: "job"; readonly job: Job };

/** What a worker sends back. */
export type WorkerReply =
  | { readonly type: "ready" }
  | ({ readonly type: "progress" } & JobProgress)
  | { readonly type: "done"; readonly name: string; readonly record: JobRecord; readonly milliseconds: number }
  | { readonly type: "failed"; readonly name: string | null; readonly error: PlainError };

/** An error that can cross a process border. */
export interface PlainError {
  readonly message: string;
  readonly stack: string;
  /** Present for errors of the toolkit's own family and for wrong use. */
  readonly code?: ErrorCode | "usage";
}
