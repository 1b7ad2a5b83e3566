import type { LabelledQuestion } from "@haps/spec";

/** The letters of the four options, in order. */
export const CHOICE_LETTERS = ["A", "B", "C", "D"] as const;

/** A question in MMLU's shape, generated or read. */
export interface MmluItem {
  /** `text` is the stem, the four options line by line, and `Answer:`; the gold answer is a letter. */
  readonly question: LabelledQuestion;
  /** The question without options. */
  readonly stem: string;
  /** The four options, A to D. */
  readonly choices: readonly string[];
  /** Index of the right option. */
  readonly answer: number;
  /** At least `subject`; for controls and reports only. */
  readonly labels: Readonly<Record<string, string>>;
}

/** MMLU's prompt: stem, options line by line, `Answer:`. */
export function choiceText(stem: string, choices: readonly string[]): string {
  const options = choices.map((choice, index) => `${CHOICE_LETTERS[index] ?? "?"}. ${choice}`);
  return [stem, ...options, "Answer:"].join("\n");
}
