import { type Finding, shareOf } from "./finding.ts";
import type { TableView } from "./table-view.ts";

/** Fewest cells on which one constant score, or two equal columns, are remarkable. */
const REMARKABLE = 20;

/** Scores outside 0 to 1, arms that always score the same, and arms with the very same scores. */
export function checkScores({ table, labels, column }: TableView): readonly Finding[] {
  const findings: Finding[] = [];
  const byScores = new Map<string, string[]>();
  for (const [arm, label] of labels.entries()) {
    const cells = column(table.score, arm);
    const outside = cells.filter(({ value }) => !(value >= 0 && value <= 1));
    if (outside.length > 0) {
      const values = outside.map(({ value }) => value).sort((a, b) => a - b);
      findings.push({
        severity: "error",
        code: "score-out-of-range",
        message: `${label}: ${shareOf(outside.length, cells.length)} scores are outside 0 to 1; divide percents by 100`,
        facts: { arm: label, cells: outside.length, lowest: values[0], highest: values.at(-1) },
      });
    }
    const first = cells[0]?.value;
    if (first === undefined || cells.length < REMARKABLE) continue;
    if (cells.every(({ value }) => value === first)) {
      findings.push({
        severity: "warning",
        code: "constant-arm",
        message: `${label}: all ${cells.length} scores are ${first}; see whether its answers were scored at all`,
        facts: { arm: label, score: first, cells: cells.length },
      });
      continue;
    }
    const key = cells.map(({ row, value }) => `${row}:${value}`).join();
    byScores.set(key, [...(byScores.get(key) ?? []), label]);
  }
  for (const twins of byScores.values()) {
    if (twins.length < 2) continue;
    findings.push({
      severity: "warning",
      code: "twin-arms",
      message: `${twins.join(" and ")} have the same score on every question; see whether one is a copy of the other`,
      facts: { arms: twins },
    });
  }
  return findings;
}
