import { examplesOf, type Finding, shareOf } from "./finding.ts";
import type { TableView } from "./table-view.ts";

/** Cells that were not run: by arm, by question, and logs that only show the chosen arm. */
export function checkCoverage(view: TableView): readonly Finding[] {
  const { table, rows, arms, labels, column } = view;
  const findings: Finding[] = [];
  const runOf = labels.map((_, arm) => column(table.score, arm).length);
  const run = runOf.reduce((total, count) => total + count, 0);
  const neverRun = labels.filter((_, arm) => runOf[arm] === 0);
  if (neverRun.length > 0) {
    findings.push({
      severity: "warning",
      code: "arm-never-run",
      message: `${neverRun.length} arms were never run (${examplesOf(neverRun).join(", ")}); remove or run them`,
      facts: { arms: neverRun },
    });
  }
  const perRow = table.rows.map((_, row) => countRun(view, row));
  const unanswered = [...perRow.keys()].filter((row) => perRow[row] === 0).map(view.nameOf);
  if (unanswered.length > 0) {
    findings.push({
      severity: "warning",
      code: "question-never-run",
      message: `${shareOf(unanswered.length, rows)} questions have no outcome at all; remove or run them`,
      facts: { questions: unanswered.length, examples: examplesOf(unanswered) },
    });
  }
  const empty = rows * arms - run;
  if (empty > 0) findings.push(emptyCells(view, runOf, empty));
  const answered = perRow.filter((count) => count > 0);
  const single = arms > 1 && answered.length > 0 && answered.every((count) => count === 1);
  if (single && table.propensity === undefined) {
    findings.push({
      severity: "warning",
      code: "no-propensity",
      message:
        "every question has an outcome of one arm only, without `propensity`: the arms cannot be compared fairly; " +
        "record the chance with which each was chosen, or run all arms",
      facts: { questions: answered.length },
    });
  }
  return findings;
}

function countRun({ table, arms }: TableView, row: number): number {
  let count = 0;
  for (let arm = 0; arm < arms; arm += 1) if (!Number.isNaN(table.score[row * arms + arm])) count += 1;
  return count;
}

function emptyCells({ table, rows, arms, labels }: TableView, runOf: readonly number[], empty: number): Finding {
  const shares = Object.fromEntries(
    labels.map((label, arm) => [label, 1 - (runOf[arm] ?? 0) / rows] as const).filter(([, share]) => share > 0),
  );
  const uneven = Math.max(...runOf) - Math.min(...runOf) > 0.05 * rows && table.propensity === undefined;
  const advice = uneven
    ? "arms ran on different questions, so their mean scores do not compare"
    : "they count as not run, never as wrong";
  return {
    severity: uneven ? "warning" : "note",
    code: "empty-cells",
    message: `${shareOf(empty, rows * arms)} cells were not run; ${advice}`,
    facts: { cells: empty, share: empty / (rows * arms), emptyShareByArm: shares },
  };
}
