import type { Abortable, FitEvent, OutcomeTable, RouterFactory } from "@haps/spec";
import { HapsError } from "@haps/spec";
import { assertFolds, type Fold } from "./fold.ts";
import { type JobRecord, jobName } from "./job-record.ts";
import { runJob } from "./run-job.ts";

/** Progress of {@link crossValidate}; plain data. */
export type CrossValidationEvent =
  | { readonly type: "job-start"; readonly job: JobPlan; readonly number: number; readonly jobs: number }
  | { readonly type: "job-progress"; readonly job: JobPlan; readonly event: FitEvent }
  | {
      readonly type: "job-end";
      readonly job: JobPlan;
      readonly number: number;
      readonly jobs: number;
      readonly record: JobRecord;
      /** True when the record was given as completed and not run again. */
      readonly kept: boolean;
    };

/** The folds of one seed. */
export interface SeedFolds {
  readonly seed: number;
  readonly folds: readonly Fold[];
}

/** One (method, seed, fold) to be run. */
export interface JobPlan {
  readonly method: string;
  readonly seed: number;
  readonly fold: number;
  /** {@link jobName} of the three. */
  readonly name: string;
}

/** What to evaluate. */
export interface CrossValidationInput extends Abortable {
  readonly table: OutcomeTable;
  /** Folds of each seed; every row is tested once per seed. */
  readonly seeds: readonly SeedFolds[];
  readonly factories: readonly RouterFactory[];
  /** Cost weights to ask every router at. Default `[0]`. */
  readonly costWeights?: readonly number[];
  /** Privileged labels by question id; a method that asks for one is recorded as privileged. */
  readonly labelOf?: (questionId: string) => string | undefined;
  /** Records of an earlier, broken-off evaluation of the same table; these jobs are not run again. */
  readonly completed?: readonly JobRecord[];
  /** Called synchronously, in order. */
  readonly onEvent?: (event: CrossValidationEvent) => void;
}

/** All jobs of an evaluation: by seed, then fold, then method. */
export function planJobs(seeds: readonly SeedFolds[], methods: readonly string[]): JobPlan[] {
  return seeds.flatMap(({ seed, folds }) =>
    folds.flatMap((_, fold) =>
      methods.map((method) => ({ method, seed, fold, name: jobName({ method, seed, fold }) })),
    ),
  );
}

/**
 * Runs every method in every fold of every seed, one after the other, in this process.
 *
 * @returns One record per job, in the order of {@link planJobs}; the same as from jobs run one by one by {@link runJob}.
 * @throws HapsError code `config` for two methods of one name or a completed record of another table or other cost
 *   weights; `data` for folds that do not test every row once; the reason of an aborted signal.
 */
export async function crossValidate(input: CrossValidationInput): Promise<JobRecord[]> {
  const { table, seeds, factories, onEvent, signal } = input;
  const costWeights = input.costWeights ?? [0];
  assertDistinctNames(factories);
  for (const { folds } of seeds) assertFolds("crossValidate", table, folds);
  const completed = new Map((input.completed ?? []).map((record) => [jobName(record), record]));
  for (const record of completed.values()) assertSameEvaluation(record, table, costWeights);
  const plans = planJobs(
    seeds,
    factories.map((factory) => factory.id),
  );
  const factoryOf = new Map(factories.map((factory) => [factory.id, factory]));
  const foldsOf = new Map(seeds.map(({ seed, folds }) => [seed, folds]));
  const records: JobRecord[] = [];
  for (const [index, job] of plans.entries()) {
    signal?.throwIfAborted();
    const place = { number: index + 1, jobs: plans.length };
    const earlier = completed.get(job.name);
    if (earlier === undefined) onEvent?.({ type: "job-start", job, ...place });
    const record =
      earlier ??
      (await runJob({
        table,
        fold: foldsOf.get(job.seed)?.[job.fold] as Fold,
        foldNumber: job.fold,
        seed: job.seed,
        factory: factoryOf.get(job.method) as RouterFactory,
        costWeights,
        onEvent: (event) => onEvent?.({ type: "job-progress", job, event }),
        ...(input.labelOf === undefined ? {} : { labelOf: input.labelOf }),
        ...(signal === undefined ? {} : { signal }),
      }));
    records.push(record);
    onEvent?.({ type: "job-end", job, ...place, record, kept: earlier !== undefined });
  }
  return records;
}

function assertDistinctNames(factories: readonly RouterFactory[]): void {
  const names = factories.map((factory) => factory.id);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new HapsError(
    "config",
    `crossValidate: two methods are named ${JSON.stringify(twice)}; expected distinct ids; rename one`,
    { method: twice },
  );
}

function assertSameEvaluation(record: JobRecord, table: OutcomeTable, costWeights: readonly number[]): void {
  const same =
    record.tableHash === table.hash && JSON.stringify(record.costWeights) === JSON.stringify([...costWeights]);
  if (same) return;
  throw new HapsError(
    "config",
    `crossValidate: completed job ${jobName(record)} belongs to another evaluation (table ${record.tableHash}, cost weights ${record.costWeights.join(", ")}); expected table ${table.hash}, cost weights ${costWeights.join(", ")}; start a fresh run folder`,
    { job: jobName(record), tableHash: record.tableHash, costWeights: record.costWeights },
  );
}
