import type { JobRecord } from "@haps/evaluation";
import type { Job } from "./workload.ts";

/** A finished job. */
export interface JobResult {
  readonly job: Job;
  readonly record: JobRecord;
  readonly milliseconds: number;
}

/** How far one fit has come. */
export interface JobProgress {
  /** Name of the job. */
  readonly name: string;
  readonly phase: string;
  readonly step: number;
  readonly steps: number;
}

/** What both ways to run jobs, in this process and in others, take. */
export interface ExecutionOptions {
  readonly jobs: readonly Job[];
  readonly signal: AbortSignal;
  /** Called as soon as a job is done, before the next one of its process starts. */
  readonly onResult: (result: JobResult) => void;
  /** Called now and then while a fit runs; for people who watch. */
  readonly onProgress?: (progress: JobProgress) => void;
}
