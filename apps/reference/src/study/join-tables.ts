import { hashTable } from "@haps/datasets";
import type { OutcomeTable } from "@haps/spec";

/** One table of several with the same arms, such as those of the splits; missing costs are `NaN`. */
export function joinTables(tables: readonly OutcomeTable[]): OutcomeTable {
  const cells = (pick: (table: OutcomeTable) => Float64Array): Float64Array =>
    Float64Array.from(tables.flatMap((table) => [...pick(table)]));
  const joined = {
    ...(tables.at(-1) as OutcomeTable),
    rows: tables.flatMap(({ rows }) => rows),
    score: cells(({ score }) => score),
    samples: cells(({ samples }) => samples),
    cost: cells(({ cost, score }) => cost ?? new Float64Array(score.length).fill(Number.NaN)),
  };
  return { ...joined, hash: hashTable(joined) };
}
