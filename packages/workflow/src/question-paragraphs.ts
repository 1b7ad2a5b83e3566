import type { Paragraph, Question } from "@haps/spec";

/**
 * The context documents of a question as paragraphs: a document is its title, a line feed and its text, or text alone.
 *
 * @param options.titles - `drop` leaves titles out, as the authors' code does. Default `keep`.
 *
 * @example
 * ```ts
 * const [paragraph] = questionParagraphs({ id: "q", text: "?", context: ["Ada Lovelace\nShe wrote programs."] });
 * console.assert(paragraph?.title === "Ada Lovelace" && paragraph.text === "She wrote programs.");
 * ```
 */
export function questionParagraphs(
  question: Question,
  options: { readonly titles?: "keep" | "drop" } = {},
): readonly Paragraph[] {
  return (question.context ?? []).map((document, index) => {
    const end = document.indexOf("\n");
    if (end < 0) return { index, text: document };
    const text = document.slice(end + 1);
    return options.titles === "drop" ? { index, text } : { index, title: document.slice(0, end), text };
  });
}
