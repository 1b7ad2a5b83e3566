import { ConfigError, canonicalJson } from "@haps/spec";

/** What retrievers have in common. */
export interface RetrieverOptions {
  /** `drop`: titles are neither searched nor shown, as in the authors' code. Default `keep`. */
  readonly titles?: "keep" | "drop";
  /** A query that is a title, regardless of case, blanks and underscores, finds its paragraph first. Default `true`. */
  readonly exactTitle?: boolean;
  /** Most paragraphs of an answer, a whole number from 1. Default 1. */
  readonly limit?: number;
}

/** Every option filled in. */
export type ResolvedRetrieverOptions = Required<RetrieverOptions>;

/** Fills in defaults and refuses what cannot work. */
export function resolveRetrieverOptions(operation: string, options: RetrieverOptions): ResolvedRetrieverOptions {
  const { titles = "keep", exactTitle = true, limit = 1 } = options;
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new ConfigError(operation, [{ path: "limit", message: `${limit} is not a whole number from 1` }]);
  }
  return { titles, exactTitle, limit };
}

/** Name of a method with all that decides what it finds, for hashes of outcomes. */
export function retrieverId(method: string, options: Readonly<Record<string, unknown>>): string {
  return `${method} ${canonicalJson(options)}`;
}
