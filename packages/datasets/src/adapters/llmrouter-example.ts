import { parseConfig, singleRoleArm } from "@haps/spec";
import { z } from "zod";
import { OutcomeTableBuilder } from "../outcome-table-builder.ts";
import { RecordCounter, type TableReading } from "../table-report.ts";
import { type DatasetAdapter, dataPath } from "./dataset-adapter.ts";
import { readQueries } from "./read-queries.ts";
import { addWideScores } from "./wide-scores.ts";

const QUERIES = "llmrouter_example/queries.jsonl.gz";
const SCORES = "llmrouter_example/score.csv.gz";
const SWAPPED =
  "three pairs of model columns are swapped between the train and the test rows of the source (qwen2.5-7b-instruct and " +
  "llama3-chatqa-1.5-8b, llama-3.1-nemotron-51b-instruct and llama3-chatqa-1.5-70b, codegemma-7b and " +
  "llama-3.1-8b-instruct), so names of these six may be wrong; it is not repaired here";

/** Schema of {@link LlmrouterExampleOptions}. */
export const llmrouterExampleOptionsSchema = z.strictObject({
  /** Default `train`: the columns of the two splits do not fit together, so `both` is for checks only. */
  split: z.enum(["train", "test", "both"]).default("train"),
});

/** Which rows to read. */
export interface LlmrouterExampleOptions extends z.input<typeof llmrouterExampleOptionsSchema> {}

/**
 * Reads `llmrouter_example`: 5,608 train (and 500 test) questions of 14 tasks, 9 models without settings.
 *
 * The source's metric per task is the score. It names list prices but no token counts, and its columns are swapped
 * between splits, so there is no cost. The 119 texts that occur in train and in test were run apart: with `both` they
 * stay two rows of one group.
 *
 * Source: data of github.com/ulab-uiuc/LLMRouter.
 */
export async function llmrouterExample(folder: string, options: LlmrouterExampleOptions = {}): Promise<TableReading> {
  const { split } = parseConfig("llmrouterExample", llmrouterExampleOptionsSchema, options);
  const builder = new OutcomeTableBuilder({ id: "llmrouter_example", weights: () => "open" });
  const counter = new RecordCounter();
  await addWideScores({
    path: dataPath(folder, SCORES),
    queries: await readQueries(dataPath(folder, QUERIES)),
    builder,
    counter,
    arm: (column) => singleRoleArm(column),
    labels: (query) => ({
      task: query.field("dataset"),
      dataset: query.field("dataset"),
      metric: query.field("metric"),
    }),
    split: (query) => query.field("split"),
    dropped: (query) => {
      const name = query.field("split");
      return split === "both" || split === name ? undefined : `split ${name}: not asked for`;
    },
  });
  return { table: builder.build([SWAPPED]), report: counter.report() };
}

/** {@link llmrouterExample} for registries. */
export const llmrouterExampleAdapter: DatasetAdapter = {
  description:
    "5,608 train questions of 14 tasks, 9 models, 1 score per cell, no cost; columns swapped in the test rows",
  files: [QUERIES, SCORES],
  options: llmrouterExampleOptionsSchema,
  checkOptions: { split: "both" } satisfies LlmrouterExampleOptions,
  read: (folder, options) => llmrouterExample(folder, options as LlmrouterExampleOptions | undefined),
};
