import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { OutcomeTable } from "@haps/spec";
import { UsageError } from "../usage-error.ts";
import { findData } from "./find-data.ts";
import { loadExperiment } from "./load-experiment.ts";
import { type OpenedTable, openTable } from "./open-table.ts";
import {
  type CostField,
  experimentSource,
  type SimulatedSource,
  simulatedSource,
  type TableSource,
} from "./table-source.ts";

/** What a command was asked to work on, with its table. */
export interface Subject {
  readonly name: string;
  readonly title: string;
  readonly question: string;
  readonly notes: readonly string[];
  readonly source: TableSource;
  readonly opened: OpenedTable;
  readonly folds: number;
  /** Label that privileged controls may read. */
  readonly label: string;
  /** The first is the one that scores are reported at. */
  readonly costWeights: readonly number[];
  /** Whether a router that chooses its own cost weight makes sense. */
  readonly operatingPoint: boolean;
}

/** How a subject is named on the command line. */
export interface SubjectOptions {
  readonly experiment: string | undefined;
  /** A user's own outcome file. */
  readonly outcomes?: string | undefined;
  readonly costFrom?: CostField | undefined;
  readonly folds?: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly root: string;
}

/** Name of the experiment that needs no data. */
export const SIMULATED = "simulated";

/** Cost weights for tables of one's own that record costs: close together where a percent of score is traded. */
const COST_WEIGHTS = [0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.18, 0.27, 0.4, 0.6, 1, 2] as const;

/**
 * Finds what a command is to work on and reads its table.
 *
 * @throws UsageError for wrong use or where there is no data; ConfigError and DataError for broken files.
 */
export async function resolveSubject(options: SubjectOptions): Promise<Subject> {
  const { experiment, outcomes } = options;
  if ((experiment === undefined) === (outcomes === undefined)) {
    throw new UsageError(
      experiment === undefined
        ? "name an experiment or give --outcomes <file>"
        : "an experiment and --outcomes exclude each other; give one of them",
    );
  }
  if (outcomes !== undefined) return outcomesSubject(outcomes, options);
  if (experiment === SIMULATED) return simulatedSubject(options);
  return experimentSubject(experiment as string, options);
}

/** What {@link simulatedSubject} may be told. */
interface SimulatedOptions extends Pick<SubjectOptions, "folds"> {
  /** Default: {@link simulatedSource}. */
  readonly source?: SimulatedSource;
}

/** The generated pool that stands in where there is no data. */
export async function simulatedSubject({ folds, source = simulatedSource }: SimulatedOptions): Promise<Subject> {
  return {
    name: SIMULATED,
    title: "A generated pool (simulated)",
    question: "Does HAPS find a planted signal of known size? Every question and every outcome is simulated.",
    notes: ["Simulated: no model was asked anything; nothing here says how routers do on real questions."],
    source,
    opened: await openTable(source),
    folds: folds ?? 5,
    label: "task",
    costWeights: [0],
    operatingPoint: false,
  };
}

async function experimentSubject(name: string, options: SubjectOptions): Promise<Subject> {
  const experiment = loadExperiment(name, options.cwd);
  const data = findData(options.env, options.cwd, options.root);
  if (data === undefined) {
    throw new UsageError(
      `experiment ${JSON.stringify(experiment.name)} needs recorded outcomes; set HAPS_DATA to the folder that holds them, or try the experiment "${SIMULATED}"`,
    );
  }
  const { config } = experiment;
  const source = experimentSource(config, data);
  return {
    name: experiment.name,
    title: config.title,
    question: config.question,
    notes: config.notes,
    source,
    opened: await openTable(source),
    folds: options.folds ?? config.folds,
    label: config.label,
    costWeights: config.costWeights,
    operatingPoint: config.operatingPoint,
  };
}

async function outcomesSubject(outcomes: string, options: SubjectOptions): Promise<Subject> {
  const file = resolve(options.cwd, outcomes);
  if (!existsSync(file)) throw new UsageError(`--outcomes: no file at ${outcomes}`);
  const source: TableSource = { kind: "outcomes", file, costFrom: options.costFrom ?? "cost" };
  const opened = await openTable(source);
  const priced = hasCosts(opened.table);
  return {
    name: opened.table.id,
    title: `Outcomes of ${basename(file)}`,
    question: "Does choosing an arm per question score higher than always using the best arm?",
    notes: [],
    source,
    opened,
    folds: options.folds ?? 5,
    label: "task",
    costWeights: priced ? COST_WEIGHTS : [0],
    operatingPoint: priced,
  };
}

/** Rows of every split that somebody's own file names; `undefined` where it names none. */
export function ownSplits({ source, opened }: Pick<Subject, "source" | "opened">): string | undefined {
  if (source.kind !== "outcomes") return undefined;
  const counts = new Map<string, number>();
  for (const { split } of opened.table.rows) {
    if (split !== undefined) counts.set(split, (counts.get(split) ?? 0) + 1);
  }
  return counts.size === 0 ? undefined : [...counts].map(([split, rows]) => `${split} ${rows}`).join(", ");
}

function hasCosts(table: OutcomeTable): boolean {
  return table.cost?.some((cost) => cost > 0) === true;
}
