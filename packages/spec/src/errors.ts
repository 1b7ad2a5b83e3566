const MARK = Symbol.for("@haps/error");

/** Every code the toolkit throws with. Adding one is a minor release, removing or renaming one a major. */
export type ErrorCode =
  | "config"
  | "shape"
  | "non-finite"
  | "disposed"
  | "data"
  | "backend"
  | "state"
  | "unknown-candidate"
  | "aborted";

/** Facts of an error, kept as fields so that callers need not parse the message. */
export type ErrorFacts = Readonly<Record<string, unknown>>;

/**
 * Base of every error the toolkit throws on purpose.
 *
 * The message reads `operation: what is wrong; what to do`. Switch on {@link HapsError.code}, never on the message.
 */
export class HapsError extends Error {
  /** Stable and machine-readable. */
  readonly code: ErrorCode;
  /** What was got, what was expected, and where. */
  readonly facts: ErrorFacts;
  /** @internal */
  readonly [MARK] = true;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.facts = facts;
  }

  /** Also true for an error made by another installed copy of this package. */
  static isInstance(error: unknown): error is HapsError {
    return typeof error === "object" && error !== null && MARK in error;
  }
}

/** One thing wrong with a configuration or a record. */
export interface ConfigIssue {
  /** Dotted path of the field, empty for the whole. */
  readonly path: string;
  /** What is wrong and what to write instead. */
  readonly message: string;
}

/** A configuration that its schema refuses; code `config`. */
export class ConfigError extends HapsError {
  /** Every issue found, not just the first. */
  readonly issues: readonly ConfigIssue[];

  constructor(operation: string, issues: readonly ConfigIssue[], options?: ErrorOptions) {
    const lines = issues.map((issue) => `${issue.path === "" ? "(top level)" : issue.path}: ${issue.message}`);
    super("config", `${operation}: ${lines.join("; ")}`, { issues }, options);
    this.issues = issues;
  }
}

/** Tensors or arrays whose shapes do not fit; code `shape`. */
export class ShapeError extends HapsError {
  readonly expected: string;
  readonly actual: readonly number[];

  constructor(operation: string, name: string, expected: string, actual: readonly number[]) {
    super("shape", `${operation}: ${name} has shape [${actual.join(", ")}]; expected ${expected}`, {
      name,
      expected,
      actual,
    });
    this.expected = expected;
    this.actual = actual;
  }
}

/** Where in a file something was found. */
export interface DataLocation {
  readonly file: string;
  /** 1-based, the header of a CSV is line 1. */
  readonly line?: number;
  readonly field?: string;
}

/** Bad input data, named by file, line and field; code `data`. */
export class DataError extends HapsError {
  readonly location: DataLocation;

  constructor(location: DataLocation, problem: string, advice: string, options?: ErrorOptions) {
    const line = location.line === undefined ? "" : `:${location.line}`;
    const field = location.field === undefined ? "" : `, field ${JSON.stringify(location.field)}`;
    super("data", `${location.file}${line}${field}: ${problem}; ${advice}`, { ...location, problem, advice }, options);
    this.location = location;
  }
}

/** Quotes a value for an error message, at most `limit` characters. */
export function quoteValue(value: unknown, limit = 80): string {
  const text = asText(value);
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

/** JSON where there is one: a file may nest values deeper than they can be written again. */
function asText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return typeof value === "bigint" ? String(value) : "a value that JSON cannot hold";
  }
}
