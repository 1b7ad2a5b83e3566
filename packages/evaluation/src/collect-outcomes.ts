import { indexRecords, type MethodOutcomes, type RecordsInput } from "./index-records.ts";
import type { Outcomes } from "./outcomes.ts";
import { REFERENCE_METHODS, referenceOutcomes } from "./reference-methods.ts";

/** Everything an evaluation measured, before statistics. */
export interface CollectedOutcomes {
  /** Row numbers in the order of the question ids: the order of every array of {@link Outcomes}. */
  readonly order: readonly number[];
  /** Text group of each question, in that order. */
  readonly groups: readonly string[];
  /** Routed methods in the order asked for, then the reference methods. */
  readonly methods: readonly MethodOutcomes[];
}

/** What {@link collectOutcomes} reads. */
export interface OutcomesInput extends RecordsInput {
  /** Cost weight at which the routers were asked. Default 0: quality only. */
  readonly costWeight?: number;
}

/**
 * Turns records of choices into outcomes and adds the reference methods.
 *
 * @throws HapsError code `data` when a record is missing, doubled or of another table or fold; `config` when a method
 *   has the name of a reference method or was not asked at `costWeight`.
 */
export function collectOutcomes(input: OutcomesInput): CollectedOutcomes {
  const { table, seeds, costWeight = 0 } = input;
  const index = indexRecords("collectOutcomes", input);
  const references = seeds.map(({ folds }) => referenceOutcomes(table, folds, index.order));
  const referenceMethods = REFERENCE_METHODS.filter((name) => references[0]?.has(name)).map(
    (name): MethodOutcomes => ({
      name,
      privileged: name === "oracle" || name === "oracle-halves",
      reference: true,
      perSeed: references.map((outcomes) => outcomes.get(name) as Outcomes),
    }),
  );
  return {
    order: index.order,
    groups: index.order.map((row) => table.rows[row]?.group as string),
    methods: [...index.methods.map((name) => index.outcomesAt(name, costWeight)), ...referenceMethods],
  };
}
