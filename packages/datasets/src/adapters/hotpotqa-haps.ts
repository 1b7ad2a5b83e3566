import { DataError, type LabelledQuestion, parseConfig, quoteValue } from "@haps/spec";
import { z } from "zod";
import { readJsonLines } from "../read-json-lines.ts";
import { dataPath } from "./dataset-adapter.ts";
import { textField } from "./read-queries.ts";

const FILES = {
  train: "hotpotqa_haps/rl_train.jsonl.gz",
  validation: "hotpotqa_haps/rl_valid.jsonl.gz",
  test: "hotpotqa_haps/test.jsonl.gz",
} as const;

/** Schema of {@link HotpotqaHapsOptions}. */
export const hotpotqaHapsOptionsSchema = z.strictObject({
  /** Which file to read: 300, 100 or 100 questions. */
  split: z.enum(["train", "validation", "test"]),
});

/** Which questions to read. */
export interface HotpotqaHapsOptions extends z.input<typeof hotpotqaHapsOptionsSchema> {}

/**
 * Reads the HotpotQA questions of the HAPS authors' release, with gold answers and their context paragraphs.
 *
 * Each context document is `title`, a line feed, and the sentences joined by single spaces; the order is the source's.
 * Supporting facts are left out: they are gold too.
 *
 * @returns The questions in file order.
 * @throws ConfigError for wrong options, DataError for a field that is missing or of another kind, or an id that comes
 * twice.
 *
 * Source: Yang et al., "HotpotQA" (2018), CC BY-SA 4.0, in the selection of the HAPS authors.
 */
export async function hotpotqaHaps(folder: string, options: HotpotqaHapsOptions): Promise<readonly LabelledQuestion[]> {
  const { split } = parseConfig("hotpotqaHaps", hotpotqaHapsOptionsSchema, options);
  const path = dataPath(folder, FILES[split]);
  const questions: LabelledQuestion[] = [];
  const ids = new Set<string>();
  for await (const { line, value } of readJsonLines(path)) {
    const field = (name: string): string => textField(value, name, path, line);
    const id = field("_id");
    if (ids.has(id)) {
      const problem = `the id ${quoteValue(id)} stands on an earlier line too`;
      throw new DataError({ file: path, line, field: "_id" }, problem, "give every question an id of its own");
    }
    ids.add(id);
    const context = paragraphs((value as Record<string, unknown>).context, path, line);
    questions.push({ id, text: field("question"), context, gold: { answer: field("answer") } });
  }
  return questions;
}

const contextSchema = z.array(z.tuple([z.string(), z.array(z.string())]));

function paragraphs(value: unknown, file: string, line: number): readonly string[] {
  const result = contextSchema.safeParse(value);
  if (result.success) {
    return result.data.map(([title, sentences]) => `${title}\n${sentences.map((text) => text.trim()).join(" ")}`);
  }
  const problem = value === undefined ? "the field is missing" : `got ${quoteValue(value)}`;
  throw new DataError({ file, line, field: "context" }, problem, "expected a list of [title, list of sentences]");
}

/** Reads questions without outcomes. */
export interface QuestionSet {
  /** What the set holds, in one sentence. */
  readonly description: string;
  /** The files that may be read, relative to the data folder. */
  readonly files: readonly string[];
  /** Schema of the options of {@link QuestionSet.read}. */
  readonly options: z.ZodType;
  /** @throws ConfigError for wrong options, DataError for wrong files. */
  readonly read: (folder: string, options: unknown) => Promise<readonly LabelledQuestion[]>;
}

/** {@link hotpotqaHaps} for registries. */
export const hotpotqaHapsQuestions: QuestionSet = {
  description: "300 + 100 + 100 HotpotQA questions with 10 context paragraphs each, without outcomes",
  files: Object.values(FILES),
  options: hotpotqaHapsOptionsSchema,
  read: (folder, options) => hotpotqaHaps(folder, options as HotpotqaHapsOptions),
};
