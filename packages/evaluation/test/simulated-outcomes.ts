import type { JobRecord, RandomSource, SeedFolds } from "@haps/evaluation";
import type { OutcomeTable } from "@haps/spec";
import { type FixtureRow, tableOf } from "./fixture.ts";

/** Standard normal draws by the Box-Muller transform. */
export function normalDraws(random: RandomSource, count: number): Float64Array {
  return Float64Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return radius * Math.cos(2 * Math.PI * random());
  });
}

/** A simulated table: arm `a` answers question `q` right with its own chance, and costs about `costs[a]`. */
export function simulatedTable(
  random: RandomSource,
  questions: number,
  arms: readonly { readonly chance: number; readonly cost: number }[],
  groups = questions,
): OutcomeTable {
  return tableOf(
    Array.from({ length: questions }, (_, index): FixtureRow => {
      const easy = random();
      return {
        id: `q${String(index).padStart(4, "0")}`,
        group: `g${String(index % groups).padStart(4, "0")}`,
        label: index % 3 === 0 ? "third" : "rest",
        scores: arms.map(({ chance }) => (0.5 * easy + 0.5 * random() < chance ? 1 : 0)),
        costs: arms.map(({ cost }) => cost * (0.5 + random())),
      };
    }),
  );
}

/** One record per seed and fold of a method that chooses `rule(row, costWeight, seed)`. */
export function recordsOf(
  table: OutcomeTable,
  seeds: readonly SeedFolds[],
  method: string,
  costWeights: readonly number[],
  rule: (row: number, costWeight: number, seed: number) => number,
): JobRecord[] {
  return seeds.flatMap(({ seed, folds }) =>
    folds.map(({ train, test }, fold) => ({
      schemaVersion: 1 as const,
      method,
      privileged: false,
      seed,
      fold,
      tableHash: table.hash,
      trainingRows: train.length,
      questions: test.map((row) => table.rows[row]?.question.id as string),
      costWeights: [...costWeights],
      choices: costWeights.map((costWeight) => test.map((row) => rule(row, costWeight, seed))),
      warnings: [],
    })),
  );
}
