import type { Paragraph } from "@haps/spec";
import type { ResolvedRetrieverOptions } from "./retriever-options.ts";

/**
 * The best paragraphs: those with the query as their title, then those with the highest scores; ties in the order of the documents.
 *
 * @param scores - One for each paragraph; `null` is no match at all.
 * @returns At least one: the first paragraph where nothing matches.
 */
export function rankParagraphs(
  paragraphs: readonly Paragraph[],
  scores: readonly (number | null)[],
  query: string,
  { exactTitle, limit }: ResolvedRetrieverOptions,
): readonly Paragraph[] {
  const wanted = plainTitle(query);
  const rank = (paragraph: Paragraph, index: number): number => {
    const { title } = paragraph;
    if (exactTitle && title !== undefined && plainTitle(title) === wanted) return Number.POSITIVE_INFINITY;
    return scores[index] ?? Number.NEGATIVE_INFINITY;
  };
  const ranked = paragraphs.map((paragraph, index) => ({ paragraph, rank: rank(paragraph, index), index }));
  ranked.sort((a, b) => (a.rank === b.rank ? a.index - b.index : b.rank - a.rank));
  const matching = ranked.filter((entry) => entry.rank > Number.NEGATIVE_INFINITY);
  return (matching.length > 0 ? matching.slice(0, limit) : ranked.slice(0, 1)).map(({ paragraph }) => paragraph);
}

function plainTitle(title: string): string {
  return title
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s_]+/gu, " ")
    .trim();
}
