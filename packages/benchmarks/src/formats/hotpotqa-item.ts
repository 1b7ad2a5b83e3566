import type { LabelledQuestion } from "@haps/spec";

/** A titled paragraph as a list of sentences. */
export interface Paragraph {
  readonly title: string;
  /** Without white space at the ends. */
  readonly sentences: readonly string[];
}

/** A sentence that is needed to answer, HotpotQA's `[title, index]`. */
export interface SupportingFact {
  readonly title: string;
  /** Index of the sentence in its paragraph. */
  readonly sentence: number;
}

/** A question in HotpotQA's shape, generated or read. */
export interface HotpotQaItem {
  /** What a workflow gets. Strip `gold` before a router sees it. `context` has a document for each paragraph. */
  readonly question: LabelledQuestion;
  /** The paragraphs of `question.context`, with their sentences apart. */
  readonly paragraphs: readonly Paragraph[];
  /** The sentences that are needed; of generated bridge questions in the order in which they are needed. */
  readonly supportingFacts: readonly SupportingFact[];
  /** At least `type` (`bridge`, `comparison`) and `level` (`easy`, `medium`, `hard`); for controls and reports only. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Context documents: title, line feed, the sentences joined by single spaces. */
export function contextOf(paragraphs: readonly Paragraph[]): readonly string[] {
  return paragraphs.map(({ title, sentences }) => `${title}\n${sentences.join(" ")}`);
}
