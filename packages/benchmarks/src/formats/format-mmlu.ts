import { CHOICE_LETTERS, type MmluItem } from "./mmlu-item.ts";

/** How to write MMLU questions. */
export interface FormatMmluOptions {
  /** `csv`: the original files, without header: question, A, B, C, D, letter. `jsonl`: question, subject, choices, index. */
  readonly format: "csv" | "jsonl";
}

/**
 * Writes questions in MMLU's format. It has no field for a context: the facts of a question are put before its stem.
 *
 * @returns One record for each question, each ended by a line feed; CSV quoted as in RFC 4180.
 *
 * Source: Hendrycks et al., Measuring Massive Multitask Language Understanding (2021).
 */
export function formatMmlu(items: readonly MmluItem[], { format }: FormatMmluOptions): string {
  return items
    .map((item) => {
      const { choices, answer, labels } = item;
      const question = [...(item.question.context ?? []), item.stem].join(" ");
      if (format === "jsonl") {
        return `${JSON.stringify({ question, subject: labels.subject, choices, answer })}\n`;
      }
      return `${[question, ...choices, CHOICE_LETTERS[answer] ?? ""].map(quoteField).join(",")}\n`;
    })
    .join("");
}

function quoteField(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
