import { relative, sep } from "node:path";

/** Something a check refuses. */
export interface Problem {
  /** Path from the workspace root, with `/`. */
  readonly file: string;
  /** 1-based, where one line is to blame. */
  readonly line?: number;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** One line per problem: `file:line message`. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems
    .map(({ file, line, message }) => `${file}${line === undefined ? "" : `:${line}`} ${message}`)
    .join("\n");
}

/** A path as it is shown: from the root, with forward slashes. */
export function shownPath(root: string, path: string): string {
  return relative(root, path).split(sep).join("/");
}
