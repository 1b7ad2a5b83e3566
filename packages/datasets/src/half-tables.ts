import { type Cells, HapsError, type OutcomeTable } from "@haps/spec";
import { hashTable } from "./hash-table.ts";

/**
 * Splits the samples of a table in two, so that one half can choose and the other score: the half-of-the-samples
 * protocol.
 *
 * An arm chosen and scored by the same samples profits from their noise; chosen by `first` and scored by `second` (and
 * the other way round, averaged) it does not. Costs stay those of the whole, since they are of one call.
 *
 * @returns Two tables with the rows and arms of the given one, whose scores are the means of one half.
 * @throws HapsError code `data` for a table without halves.
 *
 * @example
 * ```ts
 * import { strict as assert } from "node:assert";
 * import { singleRoleArm } from "@haps/spec";
 * import { halfTables, OutcomeTableBuilder } from "@haps/datasets";
 * const builder = new OutcomeTableBuilder({ id: "mine" });
 * builder.addRow({ id: "q1", text: "What is 2 + 2?" });
 * builder.addOutcome({ questionId: "q1", arm: singleRoleArm("small"), score: 0.7, samples: 10, halves: [0.6, 0.8] });
 * const [choose, score] = halfTables(builder.build());
 * assert.deepEqual([choose.score[0], score.score[0], score.samples[0]], [0.6, 0.8, 5]);
 * ```
 */
export function halfTables(table: OutcomeTable): readonly [first: OutcomeTable, second: OutcomeTable] {
  const { halves, ...whole } = table;
  if (halves === undefined) {
    const advice = "use a table whose every cell has `halves`, such as concise_cot";
    throw new HapsError("data", `halfTables: table ${JSON.stringify(table.id)} has no halves; ${advice}`, {
      id: table.id,
    });
  }
  const half = (name: "first" | "second", samples: (count: number) => number): OutcomeTable => {
    const score: Cells = halves[name].slice();
    const content = { ...whole, score, samples: table.samples.map(samples) };
    return {
      ...content,
      id: `${table.id}/${name}-half`,
      hash: hashTable(content),
      warnings: [`scores are the ${name} half of the samples`, ...table.warnings],
    };
  };
  return [half("first", (count) => Math.ceil(count / 2)), half("second", (count) => Math.floor(count / 2))];
}
