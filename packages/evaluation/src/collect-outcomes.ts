import { HapsError, type OutcomeTable } from "@haps/spec";
import type { SeedFolds } from "./cross-validate.ts";
import { assertFolds } from "./fold.ts";
import { type JobRecord, jobName } from "./job-record.ts";
import { type Outcomes, outcomesOfChoices } from "./outcomes.ts";
import { questionOrder } from "./question-order.ts";
import { REFERENCE_METHODS, referenceOutcomes } from "./reference-methods.ts";

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

/** Everything an evaluation measured, before statistics. */
export interface CollectedOutcomes {
  /** Row numbers in the order of the question ids: the order of every array of {@link Outcomes}. */
  readonly order: readonly number[];
  /** Text group of each question, in that order. */
  readonly groups: readonly string[];
  /** Routed methods in the order of their first record, then the reference methods. */
  readonly methods: readonly MethodOutcomes[];
}

/** What {@link collectOutcomes} reads. */
export interface OutcomesInput {
  readonly table: OutcomeTable;
  readonly seeds: readonly SeedFolds[];
  /** One record for every method, seed and fold, in any order. */
  readonly records: readonly JobRecord[];
  /** Cost weight at which the routers were asked. Default 0: quality only. */
  readonly costWeight?: number;
}

/**
 * Turns records of choices into outcomes and adds the reference methods.
 *
 * @throws HapsError code `data` when a record is missing, doubled or of another table or fold; `config` when a method has the
 *   name of a reference method or was not asked at `costWeight`.
 */
export function collectOutcomes(input: OutcomesInput): CollectedOutcomes {
  const { table, seeds, records } = input;
  const order = questionOrder("collectOutcomes", table);
  for (const { folds } of seeds) assertFolds("collectOutcomes", table, folds);
  const byName = new Map(records.map((record) => [jobName(record), record]));
  if (byName.size !== records.length) {
    const twice = records.find((record) => byName.get(jobName(record)) !== record) as JobRecord;
    fail("data", `job ${jobName(twice)} is given twice; expected one record per method, seed and fold; drop one`);
  }
  const names = [...new Set(records.map((record) => record.method))];
  const taken = names.find((name) => (REFERENCE_METHODS as readonly string[]).includes(name));
  if (taken !== undefined) {
    fail(
      "config",
      `method name ${JSON.stringify(taken)} is taken by a reference method that every evaluation computes; rename the router`,
    );
  }
  const routed = names.map((name) => routedMethod(name, byName, order, input));
  const references = seeds.map(({ folds }) => referenceOutcomes(table, folds, order));
  const referenceMethods = REFERENCE_METHODS.filter((name) => references[0]?.has(name)).map(
    (name): MethodOutcomes => ({
      name,
      privileged: name === "oracle" || name === "oracle-halves",
      reference: true,
      perSeed: references.map((outcomes) => outcomes.get(name) as Outcomes),
    }),
  );
  return {
    order,
    groups: order.map((row) => table.rows[row]?.group as string),
    methods: [...routed, ...referenceMethods],
  };
}

function routedMethod(
  name: string,
  byName: ReadonlyMap<string, JobRecord>,
  order: readonly number[],
  { table, seeds, costWeight = 0 }: OutcomesInput,
): MethodOutcomes {
  const rowOf = new Map(table.rows.map((row, index) => [row.question.id, index]));
  let privileged = false;
  const perSeed = seeds.map(({ seed, folds }) => {
    const choices = new Int32Array(table.rows.length).fill(-1);
    for (const [fold, { test }] of folds.entries()) {
      const record = byName.get(jobName({ method: name, seed, fold }));
      if (record === undefined) {
        fail("data", `job ${jobName({ method: name, seed, fold })} has no record; run it first`);
      }
      privileged ||= record.privileged;
      assertRecordFits(record, table, test);
      const asked = record.costWeights.indexOf(costWeight);
      if (asked < 0) {
        fail(
          "config",
          `method ${JSON.stringify(name)} was not asked at cost weight ${costWeight}; expected one of ${record.costWeights.join(", ")}; ask it in the evaluation`,
        );
      }
      record.questions.forEach((id, index) => {
        choices[rowOf.get(id) as number] = record.choices[asked]?.[index] ?? -1;
      });
    }
    return outcomesOfChoices(table, order, choices);
  });
  return { name, privileged, reference: false, perSeed };
}

function assertRecordFits(record: JobRecord, table: OutcomeTable, test: readonly number[]): void {
  const expected = new Set(test.map((row) => table.rows[row]?.question.id));
  const fits =
    record.tableHash === table.hash &&
    record.questions.length === expected.size &&
    record.questions.every((id) => expected.has(id)) &&
    record.choices.length === record.costWeights.length &&
    record.choices.every((row) => row.length === record.questions.length);
  if (fits) return;
  fail(
    "data",
    `job ${jobName(record)} does not belong to this table and fold (table ${record.tableHash}, ${record.questions.length} questions); expected table ${table.hash}, ${expected.size} questions; run it again`,
  );
}

function fail(code: "data" | "config", problem: string): never {
  throw new HapsError(code, `collectOutcomes: ${problem}`);
}
