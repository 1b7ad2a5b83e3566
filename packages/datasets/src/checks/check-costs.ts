import { ANSWERER, type Cells } from "@haps/spec";
import { examplesOf, type Finding, shareOf } from "./finding.ts";
import type { CellValue, TableView } from "./table-view.ts";

/** Ratio of costs, as power of ten, from which a slip between units such as `per token` and `per 1,000` is likely. */
const SLIP = 2.5;
/** Empty stretch between two clusters of costs of one arm, as power of ten, that no spread of lengths leaves. */
const GAP = 1.5;

/** Costs that are missing, negative or zero, without unit, or that look like a mixture of units. */
export function checkCosts(view: TableView): readonly Finding[] {
  const { table, labels, column } = view;
  const cost = table.cost;
  if (cost === undefined) {
    const message = "the table has no cost, so cost and cost-aware routing cannot be measured";
    return [{ severity: "note", code: "cost-missing", message, facts: {} }];
  }
  const cells = labels.map((_, arm) => column(cost, arm));
  return [
    ...unitFinding(view),
    ...missingCosts(view, cost),
    ...signFindings(labels, cells),
    ...rowSlips(view, cells),
    ...armSlips(view, cells),
  ];
}

function unitFinding({ table }: TableView): readonly Finding[] {
  if (table.costUnit !== undefined && table.costUnit !== "unknown") return [];
  const message = "costs have no unit; name it in `currency`, so that nobody adds cents to dollars";
  return [{ severity: "warning", code: "cost-unit-unknown", message, facts: {} }];
}

function missingCosts({ table }: TableView, cost: Cells): readonly Finding[] {
  const run = table.score.reduce((total, score) => total + (Number.isNaN(score) ? 0 : 1), 0);
  const missing = table.score.reduce(
    (total, score, cell) => total + (!Number.isNaN(score) && Number.isNaN(cost[cell]) ? 1 : 0),
    0,
  );
  if (missing === 0) return [];
  const message = `${shareOf(missing, run)} outcomes have no cost; mean costs of their arms cover the others only`;
  return [{ severity: "warning", code: "cost-missing", message, facts: { cells: missing, run } }];
}

function signFindings(labels: readonly string[], cells: readonly (readonly CellValue[])[]): readonly Finding[] {
  const count = (wanted: (value: number) => boolean): readonly (readonly [label: string, cells: number])[] =>
    labels
      .map((label, arm) => [label, (cells[arm] ?? []).filter(({ value }) => wanted(value)).length] as const)
      .filter(([, found]) => found > 0);
  const total = (found: readonly (readonly [label: string, cells: number])[]): number =>
    found.reduce((sum, [, some]) => sum + some, 0);
  const recorded = cells.reduce((sum, some) => sum + some.length, 0);
  const negative = count((value) => value < 0);
  const zero = count((value) => value === 0);
  const isFree = ([label, found]: readonly [string, number]): boolean => found === cells[labels.indexOf(label)]?.length;
  const free = zero.filter(isFree);
  const partly = zero.filter((entry) => !isFree(entry));
  const finding = (
    severity: Finding["severity"],
    code: Finding["code"],
    found: typeof zero,
    text: string,
  ): readonly Finding[] => {
    if (found.length === 0) return [];
    const where = `${shareOf(total(found), recorded)} costs, in ${found.length} arms,`;
    return [{ severity, code, message: `${where} ${text}`, facts: { cellsByArm: Object.fromEntries(found) } }];
  };
  return [
    ...finding("error", "cost-negative", negative, "are below 0; a cost is at least 0"),
    ...finding("warning", "cost-zero", partly, "are 0 beside others above 0; leave out costs that were not recorded"),
    ...finding("note", "cost-zero", free, "are 0 throughout; right for models of your own, else a cost not recorded"),
  ];
}

/** Arms whose costs fall into two clusters about 1,000 or a million times apart. */
function rowSlips({ labels, nameOf }: TableView, cells: readonly (readonly CellValue[])[]): readonly Finding[] {
  return labels.flatMap((label, arm): readonly Finding[] => {
    const costs = positive(cells[arm] ?? []);
    let cut = 0;
    for (let index = 1; index < costs.length; index += 1) {
      if (gapAt(costs, index) > gapAt(costs, cut)) cut = index;
    }
    const [low, high] = [costs.slice(0, cut), costs.slice(cut)];
    const distance = Math.log10(median(high) / median(low));
    if (!(gapAt(costs, cut) >= GAP && distance >= SLIP)) return [];
    const odd = low.length < high.length ? low : high;
    const oddRows = odd.map(({ row }) => row).sort((a, b) => a - b);
    return [
      {
        severity: "warning",
        code: "cost-scale",
        message:
          `${label}: ${shareOf(odd.length, costs.length)} costs are about ${rounded(10 ** distance)} times ` +
          `${odd === low ? "below" : "above"} the others, as if in another unit; write all in one unit`,
        facts: {
          arm: label,
          cells: odd.length,
          ratio: 10 ** distance,
          examples: examplesOf(oddRows.map(nameOf)),
        },
      },
    ];
  });
}

/** Candidates whose own arms differ, or that stand apart from all others, by about 1,000 times. */
function armSlips({ table, labels }: TableView, cells: readonly (readonly CellValue[])[]): readonly Finding[] {
  const arms = labels
    .map((label, arm) => ({ label, arm, median: median(positive(cells[arm] ?? [])) }))
    .filter((entry) => entry.median > 0)
    .sort((a, b) => a.median - b.median);
  const cheapest = arms[0];
  const dearest = arms.at(-1);
  if (cheapest === undefined || dearest === undefined) return [];
  const ratio = dearest.median / cheapest.median;
  if (Math.log10(ratio) < SLIP) return [];
  const candidate = (arm: number): string | undefined => table.arms[arm]?.[ANSWERER]?.candidate;
  const same = candidate(cheapest.arm) !== undefined && candidate(cheapest.arm) === candidate(dearest.arm);
  return [
    {
      severity: same ? "warning" : "note",
      code: "cost-scale",
      message:
        `a call of ${dearest.label} costs about ${rounded(ratio)} times one of ${cheapest.label}; ` +
        "see whether both are in the same unit, such as per token or per 1,000 tokens",
      facts: { dearest: dearest.label, cheapest: cheapest.label, ratio, medians: [cheapest.median, dearest.median] },
    },
  ];
}

function positive(cells: readonly CellValue[]): readonly CellValue[] {
  return cells.filter(({ value }) => value > 0).sort((a, b) => a.value - b.value);
}

/** Power of ten between a cost and the one before it; 0 for the first. */
function gapAt(sorted: readonly CellValue[], index: number): number {
  const [before, here] = [sorted[index - 1]?.value, sorted[index]?.value];
  return before === undefined || here === undefined ? 0 : Math.log10(here / before);
}

function median(sorted: readonly CellValue[]): number {
  return sorted[Math.floor(sorted.length / 2)]?.value ?? Number.NaN;
}

function rounded(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString("en");
}
