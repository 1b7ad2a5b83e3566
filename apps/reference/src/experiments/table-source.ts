import { basename } from "node:path";
import type { ResolvedExperimentConfig } from "./experiment-config.ts";
import type { DataFolder } from "./find-data.ts";

/** Where a table comes from; plain JSON, so that it can be sent to another process and hashed. */
export type TableSource =
  | {
      readonly kind: "set";
      readonly set: string;
      readonly options: ResolvedExperimentConfig["data"]["options"];
      /** Absolute path of the folder that holds all data sets. */
      readonly folder: string;
    }
  | {
      readonly kind: "outcomes";
      /** Absolute path of a JSONL or CSV file. */
      readonly file: string;
      /** Which field is the cost. */
      readonly costFrom: CostField;
    }
  | {
      readonly kind: "simulated";
      readonly questions: number;
      readonly arms: number;
      readonly effect: number;
      readonly noise: number;
      readonly seed: number;
    };

/** A source whose outcomes are generated. */
export type SimulatedSource = Extract<TableSource, { readonly kind: "simulated" }>;

/** Fields of an outcome file that can serve as its cost. */
export type CostField = "cost" | "tokens" | "latency";

/** The table of an experiment in a folder of data sets. */
export function experimentSource(config: ResolvedExperimentConfig, data: DataFolder): TableSource {
  return { kind: "set", set: config.data.set, options: config.data.options, folder: data.folder };
}

/** What a source is, without where it lies: the same data in another folder is the same source. */
export function sourceIdentity(source: TableSource): Readonly<Record<string, unknown>> {
  switch (source.kind) {
    case "set":
      return { kind: source.kind, set: source.set, options: source.options };
    case "outcomes":
      return { kind: source.kind, file: basename(source.file), costFrom: source.costFrom };
    case "simulated":
      return { ...source };
    default:
      return source satisfies never;
  }
}

/**
 * The generated pool that stands in where there are no recorded outcomes.
 *
 * 600 questions and 4 arms: the size of a small real log, and quick to fit.
 * The preferred arm is 0.2 better on average, about four times the gain measured on real prompts.
 */
export const simulatedSource: SimulatedSource = {
  kind: "simulated",
  questions: 600,
  arms: 4,
  effect: 0.2,
  noise: 0.3,
  seed: 1,
};
