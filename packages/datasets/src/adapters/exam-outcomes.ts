/** @module The common format of the sets `concise_cot` and `temperature`: ten sampled answers per question and arm. */

import type { Arm } from "@haps/spec";
import { numberField } from "../number-field.ts";
import type { OutcomeTableBuilder } from "../outcome-table-builder.ts";
import { readCsv } from "../read-csv.ts";
import type { RecordCounter } from "../table-report.ts";
import { type QueryRecord, queryOf } from "./read-queries.ts";
import { scoreLetters } from "./sampled-answers.ts";

/** The exam whose 100 questions were asked a second time. */
export const RERUN_EXAM = "comprehensive-100";

/** What to do with one record: the arm it belongs to, or why it is left out. */
export type ExamSelection = { readonly arm: Arm } | { readonly dropped: string };

/** How to read a file of exam outcomes. */
export interface ExamOutcomeOptions {
  readonly path: string;
  readonly columns: readonly string[];
  readonly queries: ReadonlyMap<string, QueryRecord>;
  readonly builder: OutcomeTableBuilder;
  readonly counter: RecordCounter;
  readonly select: (fields: Readonly<Record<string, string>>, line: number) => ExamSelection;
  /** Whether the texts keep the line in which the source names the topic. */
  readonly topicLine: "remove" | "keep";
  /** Name of the label `task`: the exam, or the data set that a question came from. */
  readonly task: (exam: string, query: QueryRecord) => string;
}

const COLUMNS = ["query_id", "exam", "model", "prompt", "n_correct", "cost_usd_1_sample", "answers", "error"];

/**
 * Adds the records of an exam file to a builder.
 *
 * `score = n_correct / 10`, recomputed from the ten letters and checked; halves are the first and the last five.
 * A sample without answer is wrong, as in the source, whose published scores this reproduces; cells with failed calls are
 * counted in a warning.
 *
 * @returns Warnings about topics and failed calls.
 */
export async function addExamOutcomes(options: ExamOutcomeOptions): Promise<readonly string[]> {
  const { path, queries, builder, counter } = options;
  const failed = { all: 0, some: 0 };
  for await (const { line, fields } of readCsv(path, { columns: [...COLUMNS, ...options.columns] })) {
    const query = queryOf(queries, fields.query_id, path, line);
    const selection = options.select(fields, line);
    if ("dropped" in selection) {
      counter.drop(selection.dropped);
      continue;
    }
    const location = { file: path, line };
    const exam = fields.exam ?? "";
    const gold = query.field("answer");
    const dataset = query.field("dataset");
    const { sourceId } = query;
    const labels = { task: options.task(exam, query), sourceId, exam, dataset, topic: query.field("topic"), gold };
    const text = options.topicLine === "keep" ? query.text : withoutTopic(query.text, labels.topic);
    builder.addRow({ id: query.id, text, labels }, location);
    const correct = numberField(fields.n_correct, { ...location, field: "n_correct" }, { minimum: 0, integer: true });
    const cost = numberField(fields.cost_usd_1_sample, { ...location, field: "cost_usd_1_sample" }, { minimum: 0 });
    const sampled = scoreLetters(fields.answers ?? "", gold, correct, { ...location, field: "answers" });
    if (fields.error !== "") failed[/^-*$/.test(fields.answers ?? "") ? "all" : "some"] += 1;
    builder.addOutcome({ questionId: query.id, arm: selection.arm, ...sampled, cost, location });
    counter.keep();
  }
  const warnings = options.topicLine === "keep" ? [TOPIC_KEPT] : [TOPIC_REMOVED];
  if (failed.all + failed.some > 0) {
    const cells = `${failed.all} cells hold no answer and ${failed.some} fewer than ten`;
    warnings.push(`${cells} because calls failed (content filter or time-out); the source scores missing answers 0`);
  }
  return warnings;
}

const TOPIC_REMOVED =
  "texts of the source begin with a line that names the topic; it is removed, since routers may not see it";
const TOPIC_KEPT = "texts begin with a line that names the topic, so routers see a label of the source";

function withoutTopic(text: string, topic: string): string {
  const line = `Topic: ${topic}\n`;
  return text.startsWith(line) ? text.slice(line.length) : text;
}
