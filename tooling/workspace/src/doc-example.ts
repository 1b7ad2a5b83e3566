/** A TypeScript example found in a README or in a doc comment. */
export interface DocExample {
  /** 1-based line of the first line of code in its file. */
  readonly line: number;
  /** The code, without the comment's stars. */
  readonly code: string;
  /** Why it is not checked, from "ts no-check: reason"; empty when the reason is missing. */
  readonly noCheck?: string;
}

const fence = /^(?<indent>[ \t]*)(?<ticks>`{3,})(?:ts|typescript)\b(?<info>[^\n]*)$/;

/** Finds the `ts` fences of a Markdown text. */
export function markdownExamples(text: string): readonly DocExample[] {
  return fencedExamples(text.split("\n"), 1);
}

/** Finds the `ts` fences in the doc comments of a TypeScript source. */
export function commentExamples(text: string): readonly DocExample[] {
  return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((match) => {
    const first = text.slice(0, match.index).split("\n").length;
    const lines = match[0].split("\n").map((line) => line.replace(/^\s*\*( |$)/, ""));
    return fencedExamples(lines, first);
  });
}

function fencedExamples(lines: readonly string[], firstLine: number): readonly DocExample[] {
  const examples: DocExample[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const open = fence.exec(lines[index] ?? "")?.groups;
    if (open === undefined) continue;
    const { indent = "", ticks = "", info = "" } = open;
    const end = lines.findIndex((line, at) => at > index && line.trim() === ticks);
    const close = end < 0 ? lines.length : end;
    const code = lines
      .slice(index + 1, close)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    const reason = /\bno-check\b:?(?<reason>.*)$/.exec(info)?.groups?.reason;
    const line = firstLine + index + 1;
    examples.push({ line, code: code.join("\n"), ...(reason === undefined ? {} : { noCheck: reason.trim() }) });
    index = close;
  }
  return examples;
}
