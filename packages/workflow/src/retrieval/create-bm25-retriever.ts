import { ConfigError, type ConfigIssue, type Paragraph, type Question, type Retriever } from "@haps/spec";
import MiniSearch, { type BM25Params } from "minisearch";
import { paragraphsToSearch } from "./paragraphs-to-search.ts";
import { rankParagraphs } from "./rank-paragraphs.ts";
import { type RetrieverOptions, resolveRetrieverOptions, retrieverId } from "./retriever-options.ts";

/** What may be chosen about the BM25 retriever. */
export interface Bm25RetrieverOptions extends RetrieverOptions {
  /** How soon repeating a word stops to count, >= 0. Default 1.2. */
  readonly k?: number;
  /** How much long paragraphs are held back, 0 to 1. Default 0.7. */
  readonly b?: number;
  /** Least weight of a word that occurs, >= 0 (BM25+). Default 0.5. */
  readonly d?: number;
  /** Weight of words in titles against 1 in texts, > 0. Default 1. */
  readonly titleBoost?: number;
}

/**
 * Makes a retriever by words: the paragraph with the query as its title, else the best by BM25+ over title and text, else the first.
 *
 * The library counts distinct words as length, and multiplies a paragraph's sum by how many words of the query it has. A question is
 * indexed once, for as long as its context lives.
 *
 * @throws ConfigError for numbers out of range.
 *
 * Source: Lv and Zhai, "Lower-bounding term frequency normalization" (2011), by the library minisearch. The paper searches by
 * embeddings: see {@link createEmbeddingRetriever}.
 *
 * @example
 * ```ts
 * const retriever = createBm25Retriever();
 * const question = { id: "q", text: "?", context: ["Ada\nShe wrote programs.", "Oslo\nA city with a fjord."] };
 * const [found] = await retriever.retrieve(question, "city at the fjord");
 * console.assert(found?.title === "Oslo");
 * ```
 */
export function createBm25Retriever(options: Bm25RetrieverOptions = {}): Retriever {
  const resolved = resolveRetrieverOptions("createBm25Retriever", options);
  const { k = 1.2, b = 0.7, d = 0.5, titleBoost = 1 } = options;
  const issues: ConfigIssue[] = [];
  const expect = (path: string, value: number, holds: boolean, range: string): void => {
    if (!Number.isFinite(value) || !holds) issues.push({ path, message: `${value} is not a number ${range}` });
  };
  expect("k", k, k >= 0, "from 0");
  expect("b", b, b >= 0 && b <= 1, "from 0 to 1");
  expect("d", d, d >= 0, "from 0");
  expect("titleBoost", titleBoost, titleBoost > 0, "above 0");
  if (issues.length > 0) throw new ConfigError("createBm25Retriever", issues);
  const bm25: BM25Params = { k, b, d };
  const indexes = new WeakMap<readonly string[], Index>();
  return {
    id: retrieverId("bm25", { ...resolved, ...bm25, titleBoost }),
    retrieve(question, query) {
      const index = indexOf(indexes, question, resolved.titles);
      const scores = new Array<number | null>(index.paragraphs.length).fill(null);
      for (const { id, score } of index.search.search(query, { bm25, boost: { title: titleBoost } })) {
        scores[id as number] = score;
      }
      return rankParagraphs(index.paragraphs, scores, query, resolved);
    },
  };
}

interface Index {
  readonly paragraphs: readonly Paragraph[];
  readonly search: MiniSearch<Paragraph>;
}

function indexOf(indexes: WeakMap<readonly string[], Index>, question: Question, titles: "keep" | "drop"): Index {
  const known = question.context === undefined ? undefined : indexes.get(question.context);
  if (known !== undefined) return known;
  const paragraphs = paragraphsToSearch(question, titles);
  const search = new MiniSearch<Paragraph>({ idField: "index", fields: ["title", "text"] });
  search.addAll(paragraphs);
  const index = { paragraphs, search };
  if (question.context !== undefined) indexes.set(question.context, index);
  return index;
}
