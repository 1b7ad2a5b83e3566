import { parseConfig, singleRoleArm } from "@haps/spec";
import { z } from "zod";
import { numberField } from "../number-field.ts";
import { OutcomeTableBuilder } from "../outcome-table-builder.ts";
import { RecordCounter, type TableReading } from "../table-report.ts";
import { type DatasetAdapter, dataPath } from "./dataset-adapter.ts";
import { addExamOutcomes, type ExamSelection, RERUN_EXAM } from "./exam-outcomes.ts";
import { readQueries } from "./read-queries.ts";

const QUERIES = "temperature/queries.jsonl.gz";
const OUTCOMES = "temperature/outcomes.csv.gz";
const PROMPTS = ["baseline", "chain_of_thought", "composite", "domain_expert", "self_recitation"] as const;
const MODELS = [
  "claude-3-opus-20240229",
  "cohere-command-r-plus",
  "gemini-1.0-pro",
  "gemini-1.5-pro-preview-0409",
  "gpt-35-turbo",
  "gpt-4",
  "llama-2-70b-chat",
  "llama-2-7b-chat",
  "mistral-large",
] as const;
const OPEN_WEIGHTS: readonly string[] = ["cohere-command-r-plus", "llama-2-70b-chat", "llama-2-7b-chat"];
/** The eleven temperatures that every model was asked at: 0, 0.1, ..., 1. */
const TEMPERATURES = Array.from({ length: 11 }, (_, step) => step / 10);

/** Schema of {@link TemperatureOptions}. */
export const temperatureOptionsSchema = z.strictObject({
  /** Default: the only model that was asked all 1,000 questions. */
  model: z.enum(MODELS).default("gpt-35-turbo"),
  /** Default: the prompt that every model was asked with. */
  prompt: z.enum(PROMPTS).default("chain_of_thought"),
  /**
   * `all`: the 1,000 questions of ten exams. `comprehensive`: the 100 questions that every model was asked.
   * Default: `all` for gpt-35-turbo with chain_of_thought, else `comprehensive`.
   */
  questions: z.enum(["all", "comprehensive"]).optional(),
  /**
   * Every text of the source begins with `Topic: ...`, the very topic label. Default `remove`: topics never reach a
   * router, and people's own questions carry none. `keep` shows the texts as the models saw them.
   */
  topicLine: z.enum(["remove", "keep"]).default("remove"),
});

/** Which part of the set to read. */
export interface TemperatureOptions extends z.input<typeof temperatureOptionsSchema> {}

/**
 * Reads `temperature`: one model and prompt at the temperatures 0, 0.1, ..., 1, ten samples each.
 *
 * Arms: `{candidate: model, settings: {prompt, temperature}}`, ascending. Score, halves and cost as in
 * {@link conciseCot}. Temperatures above 1 were tried on 100 questions only and are left out. All texts are distinct.
 *
 * Source: Renze and Guven, "The Effect of Sampling Temperature on Problem Solving in Large Language Models" (2024),
 * data of github.com/matthewrenze/jhu-llm-temperature.
 */
export async function temperature(folder: string, options: TemperatureOptions = {}): Promise<TableReading> {
  const { model, prompt, questions, topicLine } = parseConfig("temperature", temperatureOptionsSchema, options);
  const covered = model === "gpt-35-turbo" && prompt === "chain_of_thought";
  const wanted = questions ?? (covered ? "all" : "comprehensive");
  const path = dataPath(folder, OUTCOMES);
  const builder = new OutcomeTableBuilder({
    id: "temperature",
    costUnit: "USD",
    weights: (candidate) => (OPEN_WEIGHTS.includes(candidate) ? "open" : "closed"),
  });
  for (const value of TEMPERATURES) builder.addArm(singleRoleArm(model, { prompt, temperature: value }));
  const counter = new RecordCounter();
  const select = (fields: Readonly<Record<string, string>>, line: number): ExamSelection => {
    if (fields.model !== model) return { dropped: `model ${fields.model}: not asked for` };
    if (fields.prompt !== prompt) return { dropped: `prompt ${fields.prompt}: not asked for` };
    if ((fields.exam === RERUN_EXAM) !== (wanted === "comprehensive")) {
      return { dropped: `exam ${fields.exam}: not among the questions asked for` };
    }
    const value = numberField(
      fields.temperature,
      { file: path, line, field: "temperature" },
      { minimum: 0, maximum: 2 },
    );
    if (value > 1) return { dropped: "temperature above 1: tried on 100 questions only" };
    return { arm: singleRoleArm(model, { prompt, temperature: value }) };
  };
  const warnings = await addExamOutcomes({
    path,
    columns: ["temperature"],
    queries: await readQueries(dataPath(folder, QUERIES)),
    builder,
    counter,
    topicLine,
    select,
    task: (exam, query) => (exam === RERUN_EXAM ? query.field("dataset") : exam),
  });
  return { table: builder.build(warnings), report: counter.report() };
}

/** {@link temperature} for registries. */
export const temperatureAdapter: DatasetAdapter = {
  description: "1,000 exam questions (100 for most models), 9 models at 11 temperatures, 10 samples per cell, USD",
  files: [QUERIES, OUTCOMES],
  options: temperatureOptionsSchema,
  read: (folder, options) => temperature(folder, options as TemperatureOptions | undefined),
};
