import type { OutcomeTable } from "@haps/spec";
import { checkContradictions } from "./check-contradictions.ts";
import { checkCosts } from "./check-costs.ts";
import { checkCoverage } from "./check-coverage.ts";
import { checkScores } from "./check-scores.ts";
import { checkSwappedColumns } from "./check-swapped-columns.ts";
import { checkTexts } from "./check-texts.ts";
import { type Finding, sortFindings } from "./finding.ts";
import { viewTable } from "./table-view.ts";

/**
 * Looks for what is wrong with a table, wherever it comes from; nothing is repaired.
 *
 * Found are: scores outside 0 to 1, constant arms and twins; questions that stand in it twice, texts shared between
 * splits, rows of one question that contradict each other; columns that agree better with another column's twin across
 * splits than with themselves; negative, zero and missing costs and costs that look like two units; cells, arms and
 * questions that were not run. The table's own warnings are findings too.
 *
 * @returns Findings, errors first; empty for a table without fault.
 *
 * @example
 * ```ts
 * import { strict as assert } from "node:assert";
 * import { singleRoleArm } from "@haps/spec";
 * import { checkTable, OutcomeTableBuilder } from "@haps/datasets";
 * const builder = new OutcomeTableBuilder({ id: "mine", costUnit: "USD" });
 * builder.addRow({ id: "q1", text: "What is 2 + 2?" });
 * builder.addRow({ id: "q2", text: "what is 2 + 2? " });
 * for (const questionId of ["q1", "q2"]) {
 *   builder.addOutcome({ questionId, arm: singleRoleArm("small"), score: 1, cost: 0.001 });
 * }
 * assert.deepEqual(checkTable(builder.build()).map(({ code }) => code), ["duplicate-texts"]);
 * ```
 */
export function checkTable(table: OutcomeTable): readonly Finding[] {
  const expected = table.rows.length * table.arms.length;
  const sizes = { score: table.score.length, samples: table.samples.length, cost: table.cost?.length ?? expected };
  if (Object.values(sizes).some((size) => size !== expected)) {
    const shape = `${table.rows.length} questions times ${table.arms.length} arms`;
    const message = `the cell arrays do not have ${expected} entries (${shape}); build the table again`;
    return [{ severity: "error", code: "wrong-size", message, facts: { expected, ...sizes } }];
  }
  const view = viewTable(table);
  return sortFindings([
    ...checkScores(view),
    ...checkSwappedColumns(view),
    ...checkTexts(view),
    ...checkContradictions(view),
    ...checkCosts(view),
    ...checkCoverage(view),
    ...table.warnings.map(
      (message): Finding => ({ severity: "warning", code: "source-warning", message, facts: { table: table.id } }),
    ),
  ]);
}
