import { examplesOf, type Finding, shareOf } from "./finding.ts";
import { contradict } from "./sampling.ts";
import type { TableView } from "./table-view.ts";

/** Ratio of two costs of one call of the same arm on the same question that the answer's length hardly explains. */
const COST_RATIO = 10;

/** Rows with the same question (text and context) whose outcomes differ. */
export function checkContradictions(view: TableView): readonly Finding[] {
  const { table } = view;
  const firstOf = new Map<string, number>();
  const seen = { pairs: 0, cells: 0, differing: 0, contradicting: 0, costs: 0 };
  const examples: string[][] = [];
  for (const [row, { question, group }] of table.rows.entries()) {
    const key = JSON.stringify([group, question.context ?? []]);
    const first = firstOf.get(key);
    if (first === undefined) {
      firstOf.set(key, row);
      continue;
    }
    seen.pairs += 1;
    if (compareRows(view, first, row, seen)) examples.push([first, row].map(view.nameOf));
  }
  if (seen.differing + seen.costs === 0) return [];
  const contradicts = seen.contradicting + seen.costs > 0;
  const reason = contradicts
    ? `${seen.contradicting} scores by more than samples explain and ${seen.costs} costs by more than ${COST_RATIO} times; ` +
      "see which record is right"
    : "no more than samples may";
  return [
    {
      severity: contradicts ? "warning" : "note",
      code: "contradicting-rows",
      message: `rows with the same question have other scores in ${shareOf(seen.differing, seen.cells)} cells: ${reason}`,
      facts: { ...seen, examples: examplesOf(examples) },
    },
  ];
}

/** @returns True when a score or a cost contradicts. */
function compareRows(
  { table, arms }: TableView,
  first: number,
  second: number,
  seen: { cells: number; differing: number; contradicting: number; costs: number },
): boolean {
  const before = seen.contradicting + seen.costs;
  for (let arm = 0; arm < arms; arm += 1) {
    const [i, j] = [first * arms + arm, second * arms + arm];
    const [a, b] = [table.score[i] ?? Number.NaN, table.score[j] ?? Number.NaN];
    if (Number.isNaN(a) || Number.isNaN(b)) continue;
    seen.cells += 1;
    if (Math.abs(a - b) > 1e-9) seen.differing += 1;
    if (contradict(a, table.samples[i] || 1, b, table.samples[j] || 1)) seen.contradicting += 1;
    const costs = [table.cost?.[i] ?? Number.NaN, table.cost?.[j] ?? Number.NaN] as const;
    if (Math.min(...costs) > 0 && Math.max(...costs) > COST_RATIO * Math.min(...costs)) seen.costs += 1;
  }
  return seen.contradicting + seen.costs > before;
}
