import type { DataError } from "@haps/spec";
import type { Finding, FindingCode } from "./finding.ts";

/** Most lines that are listed per kind. */
const LISTED_LINES = 5;
/** Most kinds that are told apart; further ones are counted together. */
const MOST_KINDS = 50;

interface Kind {
  readonly code: FindingCode;
  readonly field: string | null;
  readonly message: string;
  readonly lines: number[];
  count: number;
}

/** Gathers broken records by field and advice, so that one mistake in 10,000 lines is one finding. */
export class BrokenRecords {
  readonly #kinds = new Map<string, Kind>();
  #count = 0;

  /** Number of broken records. */
  get count(): number {
    return this.#count;
  }

  add(line: number, error: DataError): void {
    this.#count += 1;
    const { field } = error.location;
    const key = this.#kinds.size < MOST_KINDS ? JSON.stringify([field, error.facts.advice]) : "other";
    const kind = this.#kinds.get(key) ?? {
      code: codeOf(field),
      field: field ?? null,
      message: error.message,
      lines: [],
      count: 0,
    };
    this.#kinds.set(key, kind);
    kind.count += 1;
    if (kind.lines.length < LISTED_LINES) kind.lines.push(line);
  }

  findings(): readonly Finding[] {
    return [...this.#kinds.values()].map(({ code, field, message, lines, count }) => ({
      severity: "error",
      code,
      message: count === 1 ? message : `${message} (and ${count - 1} more records like it)`,
      facts: { field, records: count, lines },
    }));
  }
}

function codeOf(field: string | undefined): FindingCode {
  if (field === "currency") return "mixed-currencies";
  return field === "score" ? "score-out-of-range" : "broken-records";
}
