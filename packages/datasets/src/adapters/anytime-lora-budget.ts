import { parseConfig, singleRoleArm } from "@haps/spec";
import { z } from "zod";
import { numberField } from "../number-field.ts";
import { OutcomeTableBuilder } from "../outcome-table-builder.ts";
import { readCsv } from "../read-csv.ts";
import { RecordCounter, type TableReading } from "../table-report.ts";
import { type DatasetAdapter, dataPath } from "./dataset-adapter.ts";
import { queryOf, readQueries } from "./read-queries.ts";

const QUERIES = "anytime_lora_budget/queries.jsonl.gz";
const OUTCOMES = "anytime_lora_budget/outcomes.csv.gz";
const COLUMNS = ["query_id", "base_model", "lora_adapter", "max_new_tokens", "score", "response_chars"];

/** Schema of {@link AnytimeLoraBudgetOptions}. */
export const anytimeLoraBudgetOptionsSchema = z.strictObject({
  /**
   * `budget`: the token budget of the arm, known before the call. `characters`: the characters that were written.
   * Default `budget`: it does not depend on the answer.
   */
  cost: z.enum(["budget", "characters"]).default("budget"),
});

/** What to take as cost. */
export interface AnytimeLoraBudgetOptions extends z.input<typeof anytimeLoraBudgetOptionsSchema> {}

/**
 * Reads `anytime_lora_budget`: 1,319 GSM8K test questions, one base model with 7 LoRA adapters at 4 token budgets.
 *
 * Arms: `{candidate: base model, settings: {adapter, tokenBudget}}`. One sample per cell, so the best of 28 arms per
 * question is inflated by noise; the table warns of it. All texts are distinct.
 *
 * Source: data of github.com/altieriumb7/adaptive-anytime-llm-routing.
 */
export async function anytimeLoraBudget(folder: string, options: AnytimeLoraBudgetOptions = {}): Promise<TableReading> {
  const { cost: costKind } = parseConfig("anytimeLoraBudget", anytimeLoraBudgetOptionsSchema, options);
  const path = dataPath(folder, OUTCOMES);
  const queries = await readQueries(dataPath(folder, QUERIES));
  const counter = new RecordCounter();
  const builder = new OutcomeTableBuilder({
    id: "anytime_lora_budget",
    costUnit: costKind === "budget" ? "token budget" : "characters",
    weights: () => "open",
  });
  for await (const { line, fields } of readCsv(path, { columns: COLUMNS })) {
    const location = { file: path, line };
    const number = (field: string): number =>
      numberField(fields[field], { ...location, field }, { minimum: 0, integer: field !== "score" });
    const query = queryOf(queries, fields.query_id, path, line);
    const dataset = query.field("dataset");
    const labels = { task: dataset, dataset, sourceId: query.sourceId, gold: query.field("answer") };
    builder.addRow({ id: query.id, text: query.text, labels }, location);
    const tokenBudget = number("max_new_tokens");
    builder.addOutcome({
      questionId: query.id,
      arm: singleRoleArm(fields.base_model ?? "", { adapter: fields.lora_adapter ?? "", tokenBudget }),
      score: number("score"),
      cost: costKind === "budget" ? tokenBudget : number("response_chars"),
      location,
    });
    counter.keep();
  }
  const warnings = ["one sample per cell: an oracle over the 28 arms is inflated by noise"];
  return { table: builder.build(warnings), report: counter.report() };
}

/** {@link anytimeLoraBudget} for registries. */
export const anytimeLoraBudgetAdapter: DatasetAdapter = {
  description: "1,319 GSM8K questions, one base model with 7 LoRA adapters at 4 token budgets, 1 sample per cell",
  files: [QUERIES, OUTCOMES],
  options: anytimeLoraBudgetOptionsSchema,
  read: (folder, options) => anytimeLoraBudget(folder, options as AnytimeLoraBudgetOptions | undefined),
};
