import type { OutcomeTable } from "@haps/spec";
import type { TableReport } from "../table-report.ts";
import { checkTable } from "./check-table.ts";
import { type Finding, type FindingSeverity, sortFindings } from "./finding.ts";

/** What a table holds, in numbers. */
export interface TableSummary {
  readonly questions: number;
  /** Distinct normalised texts. */
  readonly texts: number;
  readonly candidates: number;
  readonly arms: number;
  /** Cells that were run, of `questions * arms`. */
  readonly run: number;
  /** Samples behind all cells together. */
  readonly samples: number;
  /** Questions by split; empty where the source names none. */
  readonly splits: Readonly<Record<string, number>>;
  /** `null` for a table without cost. */
  readonly costUnit: string | null;
  readonly hash: string;
}

/** What a check found; plain JSON. */
export interface DataCheck {
  /** The file or set that was checked. */
  readonly source: string;
  /** How many records were read, kept, and dropped for which reason. */
  readonly report: TableReport;
  /** `null` when no table could be built. */
  readonly table: TableSummary | null;
  /** Errors first. */
  readonly findings: readonly Finding[];
  /** Number of findings by severity. */
  readonly counts: Readonly<Record<FindingSeverity, number>>;
}

/** Checks a table and puts the result together with what was found before. */
export function dataCheck(
  source: string,
  report: TableReport,
  table: OutcomeTable | undefined,
  earlier: readonly Finding[] = [],
): DataCheck {
  const findings = sortFindings([...earlier, ...(table === undefined ? [] : checkTable(table))]);
  const count = (severity: FindingSeverity): number => findings.filter((one) => one.severity === severity).length;
  return {
    source,
    report,
    table: table === undefined ? null : summariseTable(table),
    findings,
    counts: { error: count("error"), warning: count("warning"), note: count("note") },
  };
}

function summariseTable(table: OutcomeTable): TableSummary {
  const splits = new Map<string, number>();
  for (const { split } of table.rows) if (split !== undefined) splits.set(split, (splits.get(split) ?? 0) + 1);
  return {
    questions: table.rows.length,
    texts: new Set(table.rows.map(({ group }) => group)).size,
    candidates: table.pool.candidates.length,
    arms: table.arms.length,
    run: table.score.reduce((total, score) => total + (Number.isNaN(score) ? 0 : 1), 0),
    samples: table.samples.reduce((total, samples) => total + samples, 0),
    splits: Object.fromEntries(splits),
    costUnit: table.costUnit ?? null,
    hash: table.hash,
  };
}
