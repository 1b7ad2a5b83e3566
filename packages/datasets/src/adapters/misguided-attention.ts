import { type Arm, parseConfig, singleRoleArm } from "@haps/spec";
import { z } from "zod";
import { numberField, optionalNumberField } from "../number-field.ts";
import { OutcomeTableBuilder } from "../outcome-table-builder.ts";
import { readCsv } from "../read-csv.ts";
import { RecordCounter, type TableReading } from "../table-report.ts";
import { type DatasetAdapter, dataPath } from "./dataset-adapter.ts";
import { queryOf, readQueries } from "./read-queries.ts";

const QUERIES = "misguided_attention/queries.jsonl.gz";
const OUTCOMES = "misguided_attention/outcomes.csv.gz";
const COLUMNS = ["query_id", "model", "run", "score", "response_chars", "reasoning_chars"];

/** Names of the source that are one model with another setting; every other name is a candidate without settings. */
const SETTINGS: Readonly<Record<string, readonly [candidate: string, setting: string, value: string]>> = {
  "claude-sonnet-4": ["claude-sonnet-4", "thinking", "off"],
  "claude-4-sonnet-0522-thinking": ["claude-sonnet-4", "thinking", "on"],
  "claude-3.7-sonnet": ["claude-3.7-sonnet", "thinking", "off"],
  "claude-3.7-thinking-4k": ["claude-3.7-sonnet", "thinking", "4k"],
  "gemini-2.5-flash-preview-05-20": ["gemini-2.5-flash-preview-05-20", "thinking", "off"],
  "gemini-2.5-flash-preview-05-20:thinking": ["gemini-2.5-flash-preview-05-20", "thinking", "on"],
  "gemini-2.5-pro-low": ["gemini-2.5-pro", "effort", "low"],
  "gemini-2.5-pro-high": ["gemini-2.5-pro", "effort", "high"],
  "o4-mini-high": ["o4-mini", "effort", "high"],
  "o4-mini-high-long": ["o4-mini", "effort", "high-long"],
  "qwen3-235b-a22b-nothink": ["qwen3-235b-a22b", "thinking", "off"],
  "qwen3-235b-a22b-think": ["qwen3-235b-a22b", "thinking", "on"],
  "qwen3-30b-a3b-nothink": ["qwen3-30b-a3b", "thinking", "off"],
  "qwen3-30b-a3b-think": ["qwen3-30b-a3b", "thinking", "on"],
  "QwQ-32b": ["QwQ-32b", "limit", "default"],
  "QwQ-32b-16k": ["QwQ-32b", "limit", "16k"],
};

/** Schema of {@link MisguidedAttentionOptions}. */
export const misguidedAttentionOptionsSchema = z.strictObject({
  /**
   * Leaves out arms that ran on fewer questions than this. Default 40 of 52: it leaves out one arm, which ran on one
   * question only.
   */
  minimumQuestions: z.int().nonnegative().default(40),
});

/** Which arms to keep. */
export interface MisguidedAttentionOptions extends z.input<typeof misguidedAttentionOptionsSchema> {}

/**
 * Reads `misguided_attention`: 52 trick questions, 59 model settings, about 3 runs each.
 *
 * Arms: the source's model names; where two names are one model with another setting, they are one candidate with the
 * setting `thinking`, `effort` or `limit`. Score: mean over the runs; `samples`: their number. Cost: characters of
 * answer and reasoning. Weights count as closed, since the source does not state them. All texts are distinct.
 *
 * Source: data of github.com/cpldcpu/MisguidedAttention.
 */
export async function misguidedAttention(
  folder: string,
  options: MisguidedAttentionOptions = {},
): Promise<TableReading> {
  const { minimumQuestions } = parseConfig("misguidedAttention", misguidedAttentionOptionsSchema, options);
  const path = dataPath(folder, OUTCOMES);
  const queries = await readQueries(dataPath(folder, QUERIES));
  const rows: { readonly line: number; readonly fields: Readonly<Record<string, string>> }[] = [];
  const questionsOf = new Map<string, Set<string>>();
  for await (const row of readCsv(path, { columns: COLUMNS })) {
    const { id } = queryOf(queries, row.fields.query_id, path, row.line);
    const model = row.fields.model ?? "";
    questionsOf.set(model, (questionsOf.get(model) ?? new Set()).add(id));
    rows.push(row);
  }
  const builder = new OutcomeTableBuilder({ id: "misguided_attention", costUnit: "characters" });
  const counter = new RecordCounter();
  for (const { line, fields } of rows) {
    const location = { file: path, line };
    const query = queryOf(queries, fields.query_id, path, line);
    const model = fields.model ?? "";
    const labels = { task: query.field("dataset"), sourceId: query.sourceId };
    builder.addRow({ id: query.id, text: query.text, labels }, location);
    if ((questionsOf.get(model)?.size ?? 0) < minimumQuestions) {
      counter.drop(`model ${model}: ran on fewer than ${minimumQuestions} questions`);
      continue;
    }
    const characters = (field: string): number | undefined =>
      optionalNumberField(fields[field], { ...location, field }, { minimum: 0 });
    const answer = characters("response_chars");
    const outcome = {
      questionId: query.id,
      arm: armOf(model),
      score: numberField(fields.score, { ...location, field: "score" }, { minimum: 0, maximum: 1 }),
      location,
    };
    const cost = answer === undefined ? undefined : answer + (characters("reasoning_chars") ?? 0);
    builder.addOutcome(cost === undefined ? outcome : { ...outcome, cost });
    counter.keep();
  }
  const warnings = ["52 questions are too few to learn routing from; use it to compare settings"];
  return { table: builder.build(warnings), report: counter.report() };
}

function armOf(model: string): Arm {
  const setting = Object.hasOwn(SETTINGS, model) ? SETTINGS[model] : undefined;
  return setting === undefined ? singleRoleArm(model) : singleRoleArm(setting[0], { [setting[1]]: setting[2] });
}

/** {@link misguidedAttention} for registries. */
export const misguidedAttentionAdapter: DatasetAdapter = {
  description: "52 trick questions, 59 model settings, about 3 runs per cell, characters",
  files: [QUERIES, OUTCOMES],
  options: misguidedAttentionOptionsSchema,
  read: (folder, options) => misguidedAttention(folder, options as MisguidedAttentionOptions | undefined),
};
