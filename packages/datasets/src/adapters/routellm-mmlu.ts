import { DataError, parseConfig, singleRoleArm } from "@haps/spec";
import { z } from "zod";
import { OutcomeTableBuilder } from "../outcome-table-builder.ts";
import { RecordCounter, type TableReading } from "../table-report.ts";
import { type DatasetAdapter, dataPath } from "./dataset-adapter.ts";
import { readQueries } from "./read-queries.ts";
import { addWideScores } from "./wide-scores.ts";

const QUERIES = "routellm_mmlu/queries.jsonl.gz";
const OUTCOMES = "routellm_mmlu/outcomes.csv.gz";
const WEAK = "mistralai/Mixtral-8x7B-Instruct-v0.1";
const STRONG = "gpt-4-1106-preview";

/** Schema of {@link RoutellmMmluOptions}. */
export const routellmMmluOptionsSchema = z.strictObject({
  /** Assumed cost of one Mixtral call, in GPT-4 calls. Default 0.04: about the ratio of list prices in 2024. */
  weakCost: z.number().nonnegative().default(0.04),
});

/** What to assume. */
export interface RoutellmMmluOptions extends z.input<typeof routellmMmluOptionsSchema> {}

/**
 * Reads `routellm_mmlu`: 14,042 MMLU questions of 57 subjects, a weak and a strong model without settings.
 *
 * The source records no cost: one GPT-4 call is assumed to cost 1 and one Mixtral call `weakCost`, unit `assumed`.
 * The 105 texts that occur twice are separate MMLU items that were asked apart: they stay two rows of one group.
 *
 * Source: Ong et al., "RouteLLM: Learning to Route LLMs with Preference Data" (2024), data of github.com/lm-sys/RouteLLM.
 */
export async function routellmMmlu(folder: string, options: RoutellmMmluOptions = {}): Promise<TableReading> {
  const { weakCost } = parseConfig("routellmMmlu", routellmMmluOptionsSchema, options);
  const path = dataPath(folder, OUTCOMES);
  const builder = new OutcomeTableBuilder({
    id: "routellm_mmlu",
    costUnit: "assumed",
    weights: (candidate) => (candidate === WEAK ? "open" : "closed"),
  });
  const counter = new RecordCounter();
  await addWideScores({
    path,
    queries: await readQueries(dataPath(folder, QUERIES)),
    builder,
    counter,
    arm: (column) => singleRoleArm(column),
    cost: (column) => {
      if (column === WEAK) return weakCost;
      if (column === STRONG) return 1;
      throw new DataError({ file: path, line: 1, field: column }, "unknown model", `expected ${WEAK} or ${STRONG}`);
    },
    labels: (query) => ({ task: query.field("subject"), dataset: query.field("dataset") }),
  });
  const warning = `costs are assumed, not recorded: ${STRONG} 1, ${WEAK} ${weakCost} per call`;
  return { table: builder.build([warning]), report: counter.report() };
}

/** {@link routellmMmlu} for registries. */
export const routellmMmluAdapter: DatasetAdapter = {
  description: "14,042 MMLU questions of 57 subjects, Mixtral-8x7B and gpt-4-1106, assumed costs",
  files: [QUERIES, OUTCOMES],
  options: routellmMmluOptionsSchema,
  read: (folder, options) => routellmMmlu(folder, options as RoutellmMmluOptions | undefined),
};
