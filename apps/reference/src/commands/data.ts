import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { adapters, questionSets, type TableReport } from "@haps/datasets";
import { summariseArms } from "@haps/evaluation";
import { armLabel, closestName, type OutcomeTable } from "@haps/spec";
import { findData } from "../experiments/find-data.ts";
import { listExperiments } from "../experiments/load-experiment.ts";
import { isAdapterName, type OpenedTable, openTable } from "../experiments/open-table.ts";
import { resolveSubject, SIMULATED } from "../experiments/resolve-subject.ts";
import type { CostField, TableSource } from "../experiments/table-source.ts";
import { formatCost, formatScore } from "../terminal/format-number.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { textTable, wrapText } from "../terminal/text-table.ts";
import { UsageError } from "../usage-error.ts";
import { printJson } from "./json-output.ts";

/** Options of the `haps data` commands. */
export interface DataOptions {
  readonly costFrom?: CostField;
  readonly json?: boolean;
}

/** Lists the sets that can be read and whether they are there. */
export function dataList(terminal: Terminal, options: DataOptions): void {
  const data = findData(terminal.env, terminal.cwd, terminal.root);
  const present = (files: readonly string[]): boolean =>
    data !== undefined && files.every((file) => existsSync(join(data.folder, file)));
  const sets = [
    ...Object.entries(adapters).map(([name, { description, files }]) => ({
      name,
      kind: "outcomes",
      description,
      present: present(files),
    })),
    ...Object.entries(questionSets).map(([name, { description, files }]) => ({
      name,
      kind: "questions",
      description,
      present: present(files),
    })),
  ];
  const experiments = [...listExperiments(), SIMULATED];
  if (options.json === true) {
    printJson(terminal, { folder: data?.folder ?? null, sets, experiments });
    return;
  }
  terminal.out(
    data === undefined
      ? "no data folder: set HAPS_DATA, or put the sets at ../shared/data beside the repository\n\n"
      : `data folder ${data.folder} (${data.from === "HAPS_DATA" ? "from HAPS_DATA" : "the default"})\n\n`,
  );
  const rows = sets.map((set) => [
    set.name,
    set.present ? terminal.colours.green("here") : terminal.colours.yellow("absent"),
    set.kind === "questions" ? "questions only" : set.kind,
    set.description,
  ]);
  terminal.out(
    textTable([{ title: "set" }, { title: "" }, { title: "kind" }, { title: "what it holds" }], rows, terminal.colours),
  );
  terminal.out(`\nexperiments: ${experiments.join(", ")}\n`);
}

/** Shows what a set, an experiment's table or a file of one's own holds. */
export async function dataShow(terminal: Terminal, target: string, options: DataOptions): Promise<void> {
  const { table, report, simulated } = await openTarget(terminal, target, options);
  const arms = summariseArms(table, [...table.rows.keys()]).map(({ arm, score, cost, recorded }) => ({
    arm: armLabel(table.arms[arm] as OutcomeTable["arms"][number]),
    score: Number.isNaN(score) ? null : score,
    cost: Number.isNaN(cost) ? null : cost,
    recorded,
  }));
  const labels = labelCounts(table);
  const facts = {
    id: table.id,
    simulated,
    questions: table.rows.length,
    texts: new Set(table.rows.map((row) => row.group)).size,
    costUnit: table.costUnit ?? null,
    hash: table.hash,
    report,
  };
  const examples = table.rows.slice(0, 3).map(({ question }) => question.text);
  if (options.json === true) return printJson(terminal, { ...facts, arms, labels, warnings: table.warnings, examples });
  const { out, colours } = terminal;
  out(`${colours.bold(table.id)}${simulated ? colours.yellow(" [simulated]") : ""}\n`);
  out(`${facts.questions} questions, ${facts.texts} distinct texts, ${arms.length} arms; ${reading(report)}\n\n`);
  const rows = arms.map(({ arm, score, cost, recorded }) => [
    arm,
    formatScore(score),
    formatCost(cost),
    String(recorded),
  ]);
  const right = { align: "right" } as const;
  const columns = [
    { title: "arm" },
    { title: "score", ...right },
    { title: `cost, ${table.costUnit ?? "none"}`, ...right },
    { title: "run on", ...right },
  ];
  out(textTable(columns, rows, colours));
  for (const [name, counts] of Object.entries(labels)) {
    const listed = Object.entries(counts)
      .slice(0, 12)
      .map(([value, count]) => `${value} ${count}`);
    out(
      `\nlabel ${name} (never shown to a router): ${listed.join(", ")}${Object.keys(counts).length > 12 ? ", …" : ""}\n`,
    );
  }
  out("\n");
  for (const example of examples) out(`${colours.dim("question")} ${example.replace(/\s+/g, " ").slice(0, 100)}\n`);
  for (const warning of table.warnings)
    out(colours.yellow(wrapText(`warning: ${warning}`, 110).trimEnd()).concat("\n"));
}

/** Finds the table that an argument of `haps data` names: an experiment, a set or a file. */
export async function openTarget(terminal: Terminal, target: string, options: DataOptions): Promise<OpenedTable> {
  return openTable(await targetSource(terminal, target, options));
}

/** The source that an argument of `haps data` names. */
export async function targetSource(terminal: Terminal, target: string, options: DataOptions): Promise<TableSource> {
  const { env, cwd, root } = terminal;
  const file = resolve(cwd, target);
  if (/\.(jsonl|ndjson|csv)(\.gz)?$/i.test(target)) {
    if (!existsSync(file)) throw new UsageError(`no file at ${target}`);
    return { kind: "outcomes", file, costFrom: options.costFrom ?? "cost" };
  }
  if (isAdapterName(target)) {
    const data = findData(env, cwd, root);
    if (data === undefined)
      throw new UsageError(`set ${target}: there is no data folder; set HAPS_DATA to the folder that holds the sets`);
    return { kind: "set", set: target, options: {}, folder: data.folder };
  }
  if (Object.hasOwn(questionSets, target)) {
    throw new UsageError(
      `${target} holds questions without outcomes: there is nothing to show, check or route on; its reader is in @haps/datasets`,
    );
  }
  const known = [...listExperiments(), SIMULATED, ...Object.keys(adapters)];
  if (known.includes(target)) return (await resolveSubject({ experiment: target, env, cwd, root })).source;
  const near = closestName(target, known);
  const advice =
    near === undefined ? `known: ${known.join(", ")}; or a .jsonl or .csv file` : `did you mean "${near}"?`;
  throw new UsageError(`unknown set, experiment or file ${JSON.stringify(target)}; ${advice}`);
}

function reading({ read, kept, dropped }: TableReport): string {
  const left = Object.entries(dropped).map(([reason, count]) => `${count} left out: ${reason}`);
  return `${read} records read, ${kept} kept${left.length === 0 ? "" : ` (${left.join("; ")})`}`;
}

function labelCounts(table: OutcomeTable): Record<string, Record<string, number>> {
  const counts = new Map<string, Map<string, number>>();
  for (const { labels } of table.rows) {
    for (const [name, value] of Object.entries(labels)) {
      const values = counts.get(name) ?? new Map<string, number>();
      values.set(value, (values.get(value) ?? 0) + 1);
      counts.set(name, values);
    }
  }
  // A label with a value per question, such as gold answers, tells nothing in a list.
  const telling = [...counts].filter(([, values]) => values.size <= 60);
  return Object.fromEntries(
    telling.map(([name, values]) => [name, Object.fromEntries([...values].sort((a, b) => b[1] - a[1]))]),
  );
}
