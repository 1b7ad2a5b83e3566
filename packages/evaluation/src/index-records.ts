import { HapsError, type OutcomeTable } from "@haps/spec";
import type { SeedFolds } from "./cross-validate.ts";
import { assertFolds } from "./fold.ts";
import { type JobRecord, jobName } from "./job-record.ts";
import { type Outcomes, outcomesOfChoices } from "./outcomes.ts";
import { questionOrder } from "./question-order.ts";
import { REFERENCE_METHODS } from "./reference-methods.ts";

/** What one method got in every seed. */
export interface MethodOutcomes {
  readonly name: string;
  /** True for controls that read privileged labels and for oracles. */
  readonly privileged: boolean;
  /** True for methods that the evaluation computes by itself. */
  readonly reference: boolean;
  /** One per seed, in the order of the seeds. */
  readonly perSeed: readonly Outcomes[];
}

/** The jobs of an evaluation and what they chose. */
export interface RecordsInput {
  readonly table: OutcomeTable;
  readonly seeds: readonly SeedFolds[];
  /** One record for every method, seed and fold, in any order. */
  readonly records: readonly JobRecord[];
  /** Methods to look at, in this order. Default: all that have records, by name. */
  readonly methods?: readonly string[];
}

/** The records of an evaluation, checked and ready to be looked up. */
export interface RecordIndex {
  /** Row numbers in the order of the question ids. */
  readonly order: readonly number[];
  readonly methods: readonly string[];
  /** Cost weights that a method was asked at in every job, ascending. */
  costWeightsOf(method: string): readonly number[];
  /** What a method got in every seed when it was asked at a cost weight. */
  outcomesAt(method: string, costWeight: number): MethodOutcomes;
}

/**
 * Checks that there is one fitting record for every method, seed and fold.
 *
 * @throws HapsError code `data` when a record is missing, doubled or of another table or fold; `config` when a method
 *   has the name of a reference method or was not asked at the cost weight looked up.
 */
export function indexRecords(operation: string, input: RecordsInput): RecordIndex {
  const { table, seeds, records } = input;
  const order = questionOrder(operation, table);
  for (const { folds } of seeds) assertFolds(operation, table, folds);
  const methods = input.methods ?? [...new Set(records.map((record) => record.method))].sort();
  const byName = recordsByName(operation, records);
  const recordsOf = new Map(methods.map((method) => [method, methodRecords(operation, method, byName, input)]));
  return {
    order,
    methods,
    costWeightsOf: (method) => {
      const all = (recordsOf.get(method) ?? []).flat();
      const weights = [...new Set(all[0]?.costWeights)].sort((a, b) => a - b);
      return weights.filter((weight) => all.every((record) => record.costWeights.includes(weight)));
    },
    outcomesAt: (method, costWeight) => {
      const perSeed = recordsOf.get(method) ?? [];
      return {
        name: method,
        privileged: perSeed.flat().some((record) => record.privileged),
        reference: false,
        perSeed: perSeed.map((folds) =>
          outcomesOfChoices(table, order, choicesAt(operation, costWeight, folds, table)),
        ),
      };
    },
  };
}

function recordsByName(operation: string, records: readonly JobRecord[]): Map<string, JobRecord> {
  const byName = new Map<string, JobRecord>();
  for (const record of records) {
    const job = jobName(record);
    if (byName.has(job)) {
      const problem = `job ${job} is given twice; expected one record per method, seed and fold; drop one`;
      throw new HapsError("data", `${operation}: ${problem}`, { job });
    }
    byName.set(job, record);
  }
  return byName;
}

/** `[seeds][folds]`. */
function methodRecords(
  operation: string,
  method: string,
  byName: ReadonlyMap<string, JobRecord>,
  { table, seeds }: RecordsInput,
): JobRecord[][] {
  if ((REFERENCE_METHODS as readonly string[]).includes(method)) {
    const problem = `method name ${JSON.stringify(method)} is taken by a reference method that every evaluation computes`;
    throw new HapsError("config", `${operation}: ${problem}; rename the router`, { method });
  }
  return seeds.map(({ seed, folds }) =>
    folds.map(({ test }, fold) => {
      const job = jobName({ method, seed, fold });
      const record = byName.get(job);
      if (record === undefined) {
        throw new HapsError("data", `${operation}: job ${job} has no record; run it first`, { job });
      }
      assertFits(operation, record, table, test);
      return record;
    }),
  );
}

function assertFits(operation: string, record: JobRecord, table: OutcomeTable, test: readonly number[]): void {
  const expected = new Set(test.map((row) => table.rows[row]?.question.id));
  const fits =
    record.tableHash === table.hash &&
    record.questions.length === expected.size &&
    record.questions.every((id) => expected.has(id)) &&
    record.choices.length === record.costWeights.length &&
    record.choices.every((row) => row.length === record.questions.length);
  if (fits) return;
  const got = `table ${record.tableHash}, ${record.questions.length} questions`;
  const wanted = `table ${table.hash}, ${expected.size} questions`;
  throw new HapsError(
    "data",
    `${operation}: job ${jobName(record)} does not belong to this table and fold (${got}); expected ${wanted}; run it again`,
    { job: jobName(record), tableHash: record.tableHash, expected: table.hash },
  );
}

/** `[rows]`, over all folds of a seed. */
function choicesAt(
  operation: string,
  costWeight: number,
  folds: readonly JobRecord[],
  table: OutcomeTable,
): Int32Array {
  const rowOf = new Map(table.rows.map((row, index) => [row.question.id, index]));
  const choices = new Int32Array(table.rows.length).fill(-1);
  for (const { method, costWeights, questions, choices: chosen } of folds) {
    const asked = costWeights.indexOf(costWeight);
    if (asked < 0) {
      const problem = `method ${JSON.stringify(method)} was not asked at cost weight ${costWeight}`;
      const advice = `expected one of ${costWeights.join(", ")}; ask it in the evaluation`;
      throw new HapsError("config", `${operation}: ${problem}; ${advice}`, { method, costWeight, costWeights });
    }
    questions.forEach((id, index) => {
      choices[rowOf.get(id) as number] = chosen[asked]?.[index] ?? -1;
    });
  }
  return choices;
}
