import { createHash } from "node:crypto";
import { z } from "zod";
import { CHOICE_LETTERS, choiceText, type MmluItem } from "./mmlu-item.ts";
import { parseRecords } from "./parse-records.ts";

const recordSchema = z.object({
  question: z.string(),
  subject: z.string().default("unknown"),
  choices: z.array(z.string()).length(4),
  answer: z.union([z.int().min(0).max(3), z.enum(CHOICE_LETTERS)]),
});

/**
 * Reads questions in MMLU's format as JSON: `question, subject, choices, answer` (an index or a letter), an array or one
 * object a line.
 *
 * @param file - Name for error messages.
 * @returns The questions in their order. Ids are hashes of the texts, since the format has none.
 * @throws DataError for a record that is no question; its line is the number of the record in an array.
 *
 * Source: Hendrycks et al., Measuring Massive Multitask Language Understanding (2021).
 *
 * @example
 * ```ts
 * const { valid } = createAtlasChoice({ train: 0, valid: 3, test: 0, context: "none" });
 * const read = parseMmlu(formatMmlu(valid, { format: "jsonl" }));
 * console.assert(read[2]?.question.text === valid[2]?.question.text);
 * ```
 */
export function parseMmlu(text: string, file = "MMLU"): readonly MmluItem[] {
  return parseRecords(text, recordSchema, file).map(({ question: stem, subject, choices, answer }) => {
    const index = typeof answer === "number" ? answer : CHOICE_LETTERS.indexOf(answer);
    const prompt = choiceText(stem, choices);
    const id = createHash("sha256").update(prompt).digest("hex").slice(0, 24);
    const gold = { answer: CHOICE_LETTERS[index] ?? "A" };
    return { question: { id, text: prompt, gold }, stem, choices, answer: index, labels: { subject } };
  });
}
