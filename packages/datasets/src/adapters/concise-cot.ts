import { parseConfig, singleRoleArm } from "@haps/spec";
import { z } from "zod";
import { OutcomeTableBuilder } from "../outcome-table-builder.ts";
import { RecordCounter, type TableReading } from "../table-report.ts";
import { type DatasetAdapter, dataPath } from "./dataset-adapter.ts";
import { addExamOutcomes, type ExamSelection, RERUN_EXAM } from "./exam-outcomes.ts";
import { readQueries } from "./read-queries.ts";

const MODELS = ["gpt-35-turbo", "gpt-4"] as const;
const PROMPTS = ["baseline", "concise", "chain_of_thought", "composite"] as const;
const QUERIES = "concise_cot/queries.jsonl.gz";
const OUTCOMES = "concise_cot/outcomes.csv.gz";

/** Schema of {@link ConciseCotOptions}. */
export const conciseCotOptionsSchema = z.strictObject({
  /** Which models to keep. Default: both, 8 arms. */
  models: z
    .array(z.enum(MODELS))
    .min(1)
    .default([...MODELS]),
  /** Which prompts to keep. Default: all four. */
  prompts: z
    .array(z.enum(PROMPTS))
    .min(1)
    .default([...PROMPTS]),
  /**
   * Every text of the source begins with `Topic: ...`, the very topic label. Default `remove`: topics never reach a
   * router, and people's own questions carry none. `keep` shows the texts as the models saw them.
   */
  topicLine: z.enum(["remove", "keep"]).default("remove"),
});

/** Which arms of the set to read. */
export interface ConciseCotOptions extends z.input<typeof conciseCotOptionsSchema> {}

/**
 * Reads `concise_cot`: 1,000 exam questions, two models with four prompts, ten samples each.
 *
 * Arms: `{candidate: model, settings: {prompt}}`, models before prompts. Score: share of correct samples; halves: the
 * first and the last five. Cost: USD of one call (`cost_usd_1_sample`, since input tokens were billed once per ten).
 * The exam `comprehensive-100` asked 100 of the questions again and is left out. All texts are distinct.
 *
 * Source: Renze and Guven, "The Benefits of a Concise Chain of Thought on Problem-Solving in Large Language Models"
 * (2024), data of github.com/matthewrenze/jhu-concise-cot.
 */
export async function conciseCot(folder: string, options: ConciseCotOptions = {}): Promise<TableReading> {
  const { models, prompts, topicLine } = parseConfig("conciseCot", conciseCotOptionsSchema, options);
  const builder = new OutcomeTableBuilder({ id: "concise_cot", costUnit: "USD" });
  const counter = new RecordCounter();
  for (const model of MODELS.filter((name) => models.includes(name))) {
    for (const prompt of PROMPTS.filter((name) => prompts.includes(name))) {
      builder.addArm(singleRoleArm(model, { prompt }));
    }
  }
  const select = ({ exam, model = "", prompt = "" }: Readonly<Record<string, string>>): ExamSelection => {
    if (exam === RERUN_EXAM) return { dropped: `exam ${RERUN_EXAM}: a second run of 100 of the questions` };
    if (!models.some((name) => name === model)) return { dropped: `model ${model}: not asked for` };
    if (!prompts.some((name) => name === prompt)) return { dropped: `prompt ${prompt}: not asked for` };
    return { arm: singleRoleArm(model, { prompt }) };
  };
  const warnings = await addExamOutcomes({
    path: dataPath(folder, OUTCOMES),
    columns: [],
    queries: await readQueries(dataPath(folder, QUERIES)),
    builder,
    counter,
    topicLine,
    select,
    task: (exam) => exam,
  });
  return { table: builder.build(warnings), report: counter.report() };
}

/** {@link conciseCot} for registries. */
export const conciseCotAdapter: DatasetAdapter = {
  description: "1,000 exam questions, gpt-35-turbo and gpt-4 with 4 prompts each, 10 samples per cell, USD",
  files: [QUERIES, OUTCOMES],
  options: conciseCotOptionsSchema,
  read: (folder, options) => conciseCot(folder, options as ConciseCotOptions | undefined),
};
