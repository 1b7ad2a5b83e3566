import { createHash } from "node:crypto";
import { DataError, quoteValue } from "@haps/spec";
import { readJsonLines } from "../read-json-lines.ts";

/** One line of a `queries.jsonl.gz`. */
export interface QueryRecord {
  /**
   * Id of the question in tables: a hash of the source's id. Sources put exam, subject or split into their ids, and
   * routers see ids.
   */
  readonly id: string;
  /** Id in the source; the label `sourceId` of the question. */
  readonly sourceId: string;
  readonly text: string;
  readonly line: number;
  /** The text of another field. */
  readonly field: (name: string) => string;
}

/**
 * Reads a query file: `{id, text, ...}` per line.
 *
 * @returns The queries by their id in the source.
 * @throws DataError for a record that is no object, a field that is missing or no text, and an id that comes twice.
 */
export async function readQueries(path: string): Promise<ReadonlyMap<string, QueryRecord>> {
  const queries = new Map<string, QueryRecord>();
  for await (const { line, value } of readJsonLines(path)) {
    const field = (name: string): string => textField(value, name, path, line);
    const sourceId = field("id");
    const earlier = queries.get(sourceId);
    if (earlier !== undefined) {
      const problem = `the id ${quoteValue(sourceId)} stands on line ${earlier.line} too`;
      throw new DataError({ file: path, line, field: "id" }, problem, "give every question an id of its own");
    }
    const id = createHash("sha256").update(sourceId).digest("hex").slice(0, 16);
    queries.set(sourceId, { id, sourceId, text: field("text"), line, field });
  }
  return queries;
}

/** The question of an outcome. */
export function queryOf(
  queries: ReadonlyMap<string, QueryRecord>,
  id: string | undefined,
  file: string,
  line: number,
): QueryRecord {
  const query = id === undefined ? undefined : queries.get(id);
  if (query !== undefined) return query;
  const problem = `no query has the id ${quoteValue(id)}`;
  throw new DataError({ file, line, field: "query_id" }, problem, "fetch queries and outcomes of the same version");
}

/** A field of a JSON record that must be text. */
export function textField(value: unknown, name: string, file: string, line: number): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DataError({ file, line }, `got ${quoteValue(value)}`, "expected an object with named fields");
  }
  const member: unknown = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  if (typeof member === "string") return member;
  const problem = member === undefined ? "the field is missing" : `got ${quoteValue(member)}`;
  throw new DataError({ file, line, field: name }, problem, "expected text");
}
