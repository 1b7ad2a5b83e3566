import { createHash } from "node:crypto";
import { DataError, quoteValue } from "@haps/spec";
import { z } from "zod";
import { checkRecords, type NumberedRecord, readJsonRecords } from "./json-records.ts";
import { CHOICE_LETTERS, choiceText, type MmluItem } from "./mmlu-item.ts";

const recordSchema = z.object({
  question: z.string(),
  subject: z.string().optional(),
  choices: z.array(z.string()).length(4),
  answer: z.union([z.int().min(0).max(3), z.enum(CHOICE_LETTERS)]),
});

/** How to read MMLU questions. */
export interface ParseMmluOptions {
  /**
   * `json`: `question, subject, choices, answer` (an index or a letter), an array or one object a line. `csv`: the original
   * files, without header: question, A, B, C, D, letter. Default `json`.
   */
  readonly format?: "csv" | "json";
  /** Label of questions that name none, as those of the original files: the subject is in the name of the file. */
  readonly subject?: string;
  /** Name for error messages. Default `MMLU`. */
  readonly file?: string;
}

/**
 * Reads questions in MMLU's format.
 *
 * @returns The questions in their order. Ids are hashes of the texts, since the format has none.
 * @throws DataError for a record that is no question; its line is the number of the record in an array or a CSV.
 *
 * Source: Hendrycks et al., Measuring Massive Multitask Language Understanding (2021).
 *
 * @example
 * ```ts
 * const { valid } = createAtlasChoice({ train: 0, valid: 3, test: 0, context: "none" });
 * const read = parseMmlu(formatMmlu(valid, { format: "csv" }), { format: "csv" });
 * console.assert(read[2]?.question.text === valid[2]?.question.text);
 * ```
 */
export function parseMmlu(text: string, options: ParseMmluOptions = {}): readonly MmluItem[] {
  const { format = "json", subject: fallback = "unknown", file = "MMLU" } = options;
  const records = format === "csv" ? recordsOfCsv(text, file) : readJsonRecords(text, file);
  return checkRecords(records, recordSchema, file).map(({ question: stem, subject = fallback, choices, answer }) => {
    const index = typeof answer === "number" ? answer : CHOICE_LETTERS.indexOf(answer);
    const prompt = choiceText(stem, choices);
    const id = createHash("sha256").update(prompt).digest("hex").slice(0, 24);
    const gold = { answer: CHOICE_LETTERS[index] ?? "A" };
    return { question: { id, text: prompt, gold }, stem, choices, answer: index, labels: { subject } };
  });
}

function recordsOfCsv(text: string, file: string): readonly NumberedRecord[] {
  return splitCsv(text, file).flatMap((fields, index) => {
    const [question, ...rest] = fields;
    const isBlank = question === "" && rest.length === 0;
    return isBlank ? [] : [{ value: { question, choices: rest.slice(0, -1), answer: rest.at(-1) }, line: index + 1 }];
  });
}

/** A field and the mark behind it. Quotes count at the start of a field only: `5" pipe` is a text. */
const CSV_FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n][^,\r\n]*|))(,|\r?\n|$)/y;

/** The fields of every record of a CSV as in RFC 4180; a line feed or both marks end a record. */
function splitCsv(text: string, file: string): readonly (readonly string[])[] {
  const records: string[][] = [];
  let fields: string[] = [];
  CSV_FIELD.lastIndex = 0;
  while (CSV_FIELD.lastIndex < text.length || fields.length > 0) {
    const start = CSV_FIELD.lastIndex;
    const found = CSV_FIELD.exec(text);
    if (found === null) {
      const hint = "expected a closing quote, and a comma or a line end behind it; double the quotes within";
      throw new DataError({ file, line: records.length + 1 }, `got ${quoteValue(text.slice(start))}`, hint);
    }
    const [, quoted, plain = "", end] = found;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    records.push(fields);
    fields = [];
  }
  return records;
}
