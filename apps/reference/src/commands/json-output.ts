import type { Terminal } from "../terminal/terminal.ts";

/** Writes one JSON value and nothing else to standard output; no character of it may steer a terminal. */
export function printJson(terminal: Pick<Terminal, "out">, value: unknown): void {
  // JSON itself escapes the other control characters.
  const text = JSON.stringify(value, null, 2).replace(
    /[\u007f-\u009f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
  terminal.out(`${text}\n`);
}
