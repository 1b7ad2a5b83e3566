import { type Abortable, HapsError, type Paragraph, type Question, type Retriever, ShapeError } from "@haps/spec";
import { paragraphsToSearch } from "./paragraphs-to-search.ts";
import { rankParagraphs } from "./rank-paragraphs.ts";
import { type RetrieverOptions, resolveRetrieverOptions, retrieverId } from "./retriever-options.ts";

/** One vector per text, in order, all of one length; of any scale. */
export type Embed = (
  texts: readonly string[],
  options?: Abortable,
) => readonly ArrayLike<number>[] | Promise<readonly ArrayLike<number>[]>;

/** What {@link createEmbeddingRetriever} needs. */
export interface EmbeddingRetrieverOptions extends RetrieverOptions {
  readonly embed: Embed;
  /** Names the embedding model, as part of the retriever's id. Default `embedding`. */
  readonly id?: string;
}

/**
 * Makes a retriever by meaning: the paragraph with the query as its title, else the one with the highest cosine to the query.
 *
 * The paragraphs of a question are embedded once, as title, line feed and text, for as long as its context lives, also when several
 * searches begin at once.
 *
 * @throws ConfigError for numbers out of range. Searching throws what `embed` throws, the reason of a signal that fires, a
 * ShapeError for vectors that do not fit, code `non-finite` for numbers that are none.
 *
 * Source: the authors' code, with SimCSE (Gao et al. 2021) as `embed`, `titles: "drop"` and one paragraph. Deviation: encoded once for a
 * question, not for every search; errors are not search results.
 *
 * @example
 * ```ts
 * const embed = (texts: readonly string[]) => texts.map((text) => [text.includes("sea") ? 1 : 0, 1]);
 * const retriever = createEmbeddingRetriever({ embed });
 * const [found] = await retriever.retrieve({ id: "q", text: "?", context: ["A\nhills", "B\nthe sea"] }, "sea");
 * console.assert(found?.title === "B");
 * ```
 */
export function createEmbeddingRetriever(options: EmbeddingRetrieverOptions): Retriever {
  const { embed, id = "embedding" } = options;
  const resolved = resolveRetrieverOptions("createEmbeddingRetriever", options);
  const indexes = new WeakMap<readonly string[], Promise<Index>>();
  const indexOf = (question: Question): Promise<Index> => {
    const { context } = question;
    const known = context === undefined ? undefined : indexes.get(context);
    if (known !== undefined) return known;
    // Without a signal: other searches wait for the same vectors.
    const index = encode(embed, paragraphsToSearch(question, resolved.titles));
    if (context !== undefined) {
      indexes.set(context, index);
      index.catch(() => indexes.delete(context));
    }
    return index;
  };
  return {
    id: retrieverId(id, { ...resolved }),
    async retrieve(question, query, { signal } = {}) {
      const { paragraphs, vectors } = await unlessAborted(indexOf(question), signal);
      const [vector] = await embedAll(embed, [query], signal === undefined ? {} : { signal });
      const scores = vectors.map((other, index) => cosine(vector as Float64Array, other, index));
      return rankParagraphs(paragraphs, scores, query, resolved);
    },
  };
}

interface Index {
  readonly paragraphs: readonly Paragraph[];
  /** Of length 1, or of zeros. */
  readonly vectors: readonly Float64Array[];
}

/** Stops waiting when the signal fires; what others wait for goes on. */
async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function encode(embed: Embed, paragraphs: readonly Paragraph[]): Promise<Index> {
  const texts = paragraphs.map(({ title, text }) => (title === undefined ? text : `${title}\n${text}`));
  return { paragraphs, vectors: await embedAll(embed, texts, {}) };
}

async function embedAll(embed: Embed, texts: readonly string[], options: Abortable): Promise<readonly Float64Array[]> {
  const vectors = await embed(texts, options);
  if (vectors.length !== texts.length) {
    throw new ShapeError("embed", "vectors", `${texts.length} vectors, one for each text`, [vectors.length]);
  }
  return vectors.map((vector, index) => {
    const values = Float64Array.from(vector);
    const norm = Math.hypot(...values);
    if (Number.isFinite(norm)) return norm === 0 ? values : values.map((value) => value / norm);
    const message = `embed: the vector of text ${index} is not finite; expected numbers`;
    throw new HapsError("non-finite", message, { text: index });
  });
}

function cosine(a: Float64Array, b: Float64Array, index: number): number {
  if (a.length !== b.length) {
    throw new ShapeError("embed", `the vector of paragraph ${index}`, `[${a.length}] as the query's`, [b.length]);
  }
  return a.reduce((sum, value, place) => sum + value * (b[place] as number), 0);
}
