import { groupedFolds, permuteTexts } from "@haps/datasets";
import { type JobRecord, runJob } from "@haps/evaluation";
import type { FitEvent, OutcomeTable } from "@haps/spec";
import { openTable } from "../experiments/open-table.ts";
import { createMethod } from "../methods.ts";
import { loadOwnRouter } from "../own-router.ts";
import { type Job, OWN_ROUTER, type Workload } from "./workload.ts";

/** Runs single jobs of one workload in this process. The backend must have been loaded before. */
export interface JobRunner {
  run(
    job: Job,
    options?: { readonly signal?: AbortSignal; readonly onEvent?: (event: FitEvent) => void },
  ): Promise<JobRecord>;
}

/** Reads the table of a workload once and keeps it for all of its jobs. */
export async function openJobRunner(workload: Workload): Promise<JobRunner> {
  const { table } = await openTable(workload.source);
  const own = workload.router === undefined ? undefined : await loadOwnRouter(workload.router);
  const labels = new Map(table.rows.map((row) => [row.question.id, row.labels[workload.label]]));
  let permuted: { readonly seed: number; readonly table: OutcomeTable } | undefined;
  const tableOf = (permutation: number | undefined): OutcomeTable => {
    if (permutation === undefined) return table;
    if (permuted?.seed !== permutation) permuted = { seed: permutation, table: permuteTexts(table, permutation) };
    return permuted.table;
  };
  return {
    run: async (job, options = {}) => {
      const jobTable = tableOf(job.permutation);
      const fold = groupedFolds(jobTable, { folds: workload.folds, seed: job.seed })[job.fold];
      if (fold === undefined) throw new Error(`internal: fold ${job.fold} of ${workload.folds} does not exist`);
      return runJob({
        table: jobTable,
        fold,
        foldNumber: job.fold,
        seed: job.seed,
        factory: job.method === OWN_ROUTER && own !== undefined ? own : createMethod(job.method),
        costWeights: workload.costWeights,
        // A permuted table has other texts on its rows, so labels of questions mean nothing there.
        ...(job.permutation === undefined ? { labelOf: (id: string) => labels.get(id) } : {}),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
      });
    },
  };
}
