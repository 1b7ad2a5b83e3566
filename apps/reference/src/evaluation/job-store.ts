import { type JobRecord, jobRecordSchema } from "@haps/evaluation";
import type { Run } from "@haps/run";
import { DataError } from "@haps/spec";
import type { JobResult } from "../jobs/job-executor.ts";
import { type Job, nameOfJob, OWN_ROUTER } from "../jobs/workload.ts";
import { parseWritten } from "../parse-written.ts";

/** Finished fits of one workload, kept in its run folder: one file each, so that a kill loses none of them. */
export interface JobStore {
  /** Record of a job, `undefined` while it is not finished. */
  get(job: Job): JobRecord | undefined;
  /** Keeps a finished job; writing goes on in the background. */
  add(result: JobResult): void;
  /** Waits until everything added is on disk; rejects with the first failed write. */
  settle(): Promise<void>;
}

/**
 * Reads which of the jobs are finished.
 *
 * @throws DataError for a file that is no record: it was damaged.
 */
export async function openJobStore(run: Run, jobs: readonly Job[]): Promise<JobStore> {
  const records = new Map<string, JobRecord>();
  for (const job of jobs.filter(isKept)) {
    const name = nameOfJob(job);
    const bytes = await run.readFile(jobFile(name));
    if (bytes !== null) records.set(name, readRecord(run, name, bytes));
  }
  const writes: Promise<void>[] = [];
  return {
    get: (job) => records.get(nameOfJob(job)),
    add: ({ job, record, milliseconds }) => {
      const name = nameOfJob(job);
      records.set(name, record);
      if (!isKept(job)) return;
      const bytes = new TextEncoder().encode(`${JSON.stringify(record)}\n`);
      const write = run.writeFile(jobFile(name), bytes).then(() => run.appendTiming({ job: name, milliseconds }));
      // Read in `settle`; until then a failure must not end the process as an unhandled rejection.
      write.catch(() => undefined);
      writes.push(write);
    },
    settle: async () => {
      await Promise.all(writes);
    },
  };
}

/**
 * Whether fits of a job are kept. What a user's own module imports or reads can change unseen: its fits are never taken
 * for those of another time.
 */
export function isKept({ method }: Job): boolean {
  return method !== OWN_ROUTER;
}

function jobFile(name: string): string {
  return `jobs/${encodeURIComponent(name)}.json`;
}

function readRecord(run: Run, name: string, bytes: Uint8Array): JobRecord {
  const file = `${run.folder}/${jobFile(name)}`;
  const advice = "delete it, and the fit runs again";
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new DataError({ file }, "it is not JSON", advice, { cause: error });
  }
  return parseWritten(jobRecordSchema, value, { file, advice });
}
