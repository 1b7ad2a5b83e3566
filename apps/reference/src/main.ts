import { ConfigError, HapsError } from "@haps/spec";
import { CommanderError } from "commander";
import { createProgram } from "./create-program.ts";
import { Interrupted } from "./interrupted.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { visibleText } from "./terminal/visible-text.ts";
import { UsageError } from "./usage-error.ts";

/** Exit codes of the command. */
export const EXIT_CODES = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/**
 * Runs the command.
 *
 * @param args - Arguments without Node and the script.
 * @returns The exit code: 0 fine, 1 failed or something wrong was found, 2 wrong use, 130 interrupted.
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = EXIT_CODES.ok;
  const program = createProgram(terminal, (ok) => {
    code = ok ? EXIT_CODES.ok : EXIT_CODES.failed;
  });
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    return explain(terminal, error);
  }
}

/** Says what went wrong in one line where it is known, with its stack where it is a fault of the program. */
function explain(terminal: Terminal, error: unknown): number {
  // Messages quote files, and a file may name a tensor by an escape sequence.
  const line = (text: string): void => terminal.note(`haps: ${visibleText(text.replace(/\s*\n\s*/g, " ").trim())}\n`);
  // What is stopped in the midst of its work may say so in its own words.
  const stopped = terminal.signal.aborted && HapsError.isInstance(error) && error.code === "aborted";
  if (stopped || error instanceof Interrupted) return EXIT_CODES.interrupted;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT_CODES.ok;
    // What a command with sub-commands throws when none is given.
    if (error.code === "commander.help") line("a sub-command is missing; --help lists them");
    else line(error.message.replace(/^error: /, ""));
    return EXIT_CODES.usage;
  }
  if (error instanceof UsageError || error instanceof ConfigError) {
    line(error.message);
    return EXIT_CODES.usage;
  }
  if (HapsError.isInstance(error)) {
    line(error.message);
    return EXIT_CODES.failed;
  }
  terminal.note(`haps: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT_CODES.failed;
}
