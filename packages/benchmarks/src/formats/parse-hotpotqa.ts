import { z } from "zod";
import { contextOf, type HotpotQaItem } from "./hotpotqa-item.ts";
import { checkRecords, readJsonRecords } from "./json-records.ts";

const recordSchema = z.object({
  _id: z.string(),
  question: z.string(),
  answer: z.string(),
  type: z.string().default("unknown"),
  level: z.string().default("unknown"),
  supporting_facts: z.array(z.tuple([z.string(), z.int().nonnegative()])).default([]),
  context: z.array(z.tuple([z.string(), z.array(z.string())])),
});

/**
 * Reads questions in HotpotQA's format: the official JSON array, or JSON Lines as {@link formatHotpotQa} writes them.
 *
 * @param file - Name for error messages.
 * @returns The questions in their order, with `type` and `level` as labels.
 * @throws DataError for a record that is no question; its line is the number of the record in an array.
 *
 * Source: Yang et al., HotpotQA (2018).
 *
 * @example
 * ```ts
 * const { valid } = createAtlasHop({ train: 0, valid: 3, test: 0 });
 * const read = parseHotpotQa(formatHotpotQa(valid));
 * console.assert(read[2]?.question.text === valid[2]?.question.text);
 * ```
 */
export function parseHotpotQa(text: string, file = "HotpotQA"): readonly HotpotQaItem[] {
  return checkRecords(readJsonRecords(text, file), recordSchema, file).map((record) => {
    const paragraphs = record.context.map(([title, sentences]) => ({
      title,
      sentences: sentences.map((sentence) => sentence.trim()),
    }));
    return {
      question: {
        id: record._id,
        text: record.question,
        context: contextOf(paragraphs),
        gold: { answer: record.answer },
      },
      paragraphs,
      supportingFacts: record.supporting_facts.map(([title, sentence]) => ({ title, sentence })),
      labels: { type: record.type, level: record.level },
    };
  });
}
