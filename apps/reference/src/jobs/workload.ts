import { jobName } from "@haps/evaluation";
import type { TableSource } from "../experiments/table-source.ts";

/** What all jobs of one evaluation share; plain JSON, sent to every worker. */
export interface Workload {
  readonly source: TableSource;
  readonly folds: number;
  readonly costWeights: readonly number[];
  /** Label that privileged controls may read. */
  readonly label: string;
  /** Absolute path of a user's own router module; its method is named {@link OWN_ROUTER}. */
  readonly router?: string;
}

/** One fit to run. */
export interface Job {
  readonly method: string;
  readonly seed: number;
  readonly fold: number;
  /** Seed of a permutation of the texts against the outcomes; absent: the outcomes as recorded. */
  readonly permutation?: number;
}

/** Name of the method that a user's own module makes. */
export const OWN_ROUTER = "own-router";

/** One name per job, usable as a file name. */
export function nameOfJob(job: Job): string {
  const name = jobName(job);
  return job.permutation === undefined ? name : `${name}.permutation-${job.permutation}`;
}

/**
 * All jobs, those of one (permutation, seed, fold) side by side: methods of one fold share fitted features.
 *
 * @param permutations - Seeds of permutations; empty for the outcomes as recorded.
 */
export function planWork(options: {
  readonly methods: readonly string[];
  readonly seeds: readonly number[];
  readonly folds: number;
  readonly permutations?: readonly number[];
}): Job[] {
  const variants: readonly (number | undefined)[] =
    options.permutations === undefined || options.permutations.length === 0 ? [undefined] : options.permutations;
  const folds = Array.from({ length: options.folds }, (_, fold) => fold);
  return variants.flatMap((permutation) =>
    options.seeds.flatMap((seed) =>
      folds.flatMap((fold) =>
        options.methods.map((method) => ({
          method,
          seed,
          fold,
          ...(permutation === undefined ? {} : { permutation }),
        })),
      ),
    ),
  );
}

/** Jobs with the same key profit from running in one process, one after the other. */
export function batchKey(job: Job): string {
  return `${job.permutation ?? ""}/${job.seed}/${job.fold}`;
}
