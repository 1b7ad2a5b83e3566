import type { Colours } from "./terminal.ts";

/** One column of a text table. */
export interface TextColumn {
  readonly title: string;
  readonly align?: "left" | "right";
}

// Built from a string so that no control character stands in a regular expression literal.
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

/** Number of terminal cells a text takes, colours not counted. */
export function visibleWidth(text: string): number {
  return [...text.replace(ESCAPES, "")].length;
}

/**
 * Lays rows out in columns two spaces apart, titles underlined by nothing but dimness.
 *
 * @param rows - One array of cells per row, as many cells as columns.
 * @returns The table with a newline after every line; no trailing spaces.
 */
export function textTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
  colours: Colours,
): string {
  const widths = columns.map((column, index) =>
    Math.max(visibleWidth(column.title), ...rows.map((row) => visibleWidth(row[index] ?? ""))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align ?? "left"))
      .join("  ")
      .trimEnd();
  const header = colours.dim(line(columns.map((column) => column.title)));
  return [header, ...rows.map(line)].map((text) => `${text}\n`).join("");
}

function pad(cell: string, width: number, align: "left" | "right"): string {
  const spaces = " ".repeat(Math.max(0, width - visibleWidth(cell)));
  return align === "right" ? spaces + cell : cell + spaces;
}

/** Breaks text at spaces so that no line exceeds `width` cells, where words allow it. */
export function wrapText(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  let current = "";
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const longer = current === "" ? word : `${current} ${word}`;
    if (current !== "" && visibleWidth(indent + longer) > width) {
      lines.push(indent + current);
      current = word;
    } else {
      current = longer;
    }
  }
  if (current !== "") lines.push(indent + current);
  return lines.map((line) => `${line}\n`).join("");
}
