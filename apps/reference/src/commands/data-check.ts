import { join } from "node:path";
import { checkDataset, checkOutcomes, checkTable, type Finding, type TableReport } from "@haps/datasets";
import { openTable } from "../experiments/open-table.ts";
import type { TableSource } from "../experiments/table-source.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { wrapText } from "../terminal/text-table.ts";
import { type DataOptions, targetSource } from "./data.ts";
import { printJson } from "./json-output.ts";

/** What a check says, whatever was checked. */
interface Checked {
  readonly source: string;
  readonly report: TableReport;
  readonly findings: readonly Finding[];
}

/** Finds what is wrong with a table; returns whether no error was found. */
export async function dataCheck(terminal: Terminal, target: string, options: DataOptions): Promise<boolean> {
  const source = await targetSource(terminal, target, options);
  const checked = await check(target, source);
  const count = (severity: Finding["severity"]): number =>
    checked.findings.filter((one) => one.severity === severity).length;
  const counts = { error: count("error"), warning: count("warning"), note: count("note") };
  const ok = counts.error === 0;
  if (options.json === true) {
    printJson(terminal, { ok, ...checked, counts });
    return ok;
  }
  const { colours, out } = terminal;
  const paint = { error: colours.red, warning: colours.yellow, note: colours.dim };
  out(`${colours.bold(checked.source)}: ${checked.report.read} records read, ${checked.report.kept} kept\n`);
  for (const [reason, dropped] of Object.entries(checked.report.dropped)) out(`  ${dropped} left out: ${reason}\n`);
  for (const { severity, code, message } of checked.findings) {
    const text = wrapText(message, 110, "           ").trimEnd();
    out(`\n${paint[severity](severity.padEnd(10))} ${colours.bold(code)}\n${text}\n`);
  }
  out(`\n${counts.error} errors, ${counts.warning} warnings, ${counts.note} notes\n`);
  return ok;
}

async function check(target: string, source: TableSource): Promise<Checked> {
  // A set that an argument names directly is checked with all of its rows, an experiment with those that it reads.
  if (source.kind === "set" && source.set === target)
    return checkDataset(target as Parameters<typeof checkDataset>[0], source.folder);
  if (source.kind === "outcomes") return checkOutcomes(join(source.file), { costFrom: source.costFrom });
  const { table, report } = await openTable(source);
  return { source: table.id, report, findings: checkTable(table) };
}
