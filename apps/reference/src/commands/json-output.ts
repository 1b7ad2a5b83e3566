import type { Terminal } from "../terminal/terminal.ts";

/** Writes one JSON value and nothing else to standard output. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(`${JSON.stringify(value, null, 2)}\n`);
}
