import type { HotpotQaItem } from "./hotpotqa-item.ts";

/**
 * Writes questions as JSON Lines with HotpotQA's fields.
 *
 * `_id, question, answer, type, level, supporting_facts: [title, index][], context: [title, sentences][]`; as in the
 * original, every sentence but the first of a paragraph begins with a space. Put the lines into an array for the layout of
 * the official files.
 *
 * @returns One object a line, each line ended by a line feed.
 *
 * Source: Yang et al., HotpotQA (2018).
 */
export function formatHotpotQa(items: readonly HotpotQaItem[]): string {
  return items
    .map(({ question, paragraphs, supportingFacts, labels }) => {
      const record = {
        _id: question.id,
        question: question.text,
        answer: question.gold.answer,
        type: labels.type,
        level: labels.level,
        supporting_facts: supportingFacts.map(({ title, sentence }) => [title, sentence]),
        context: paragraphs.map(({ title, sentences }) => [
          title,
          sentences.map((sentence, index) => (index === 0 ? sentence : ` ${sentence}`)),
        ]),
      };
      return `${JSON.stringify(record)}\n`;
    })
    .join("");
}
