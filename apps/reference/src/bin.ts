#!/usr/bin/env node
/** @module Entry of the `haps` command: makes a terminal of this process and runs {@link main} in it. */
import { repositoryRoot } from "./experiments/find-data.ts";
import { Interrupted } from "./interrupted.ts";
import { EXIT_CODES, main } from "./main.ts";
import { askQuestion } from "./terminal/ask-question.ts";
import { createColours, type Terminal, wantsColours } from "./terminal/terminal.ts";

const interruption = new AbortController();

function interrupt(): void {
  // The second time nobody wants to wait for what is being saved.
  if (interruption.signal.aborted) process.exit(EXIT_CODES.interrupted);
  interruption.abort(new Interrupted());
}

function ask(question: string): Promise<string> {
  return askQuestion(question, {
    input: process.stdin,
    output: process.stdout,
    signal: interruption.signal,
    interrupt,
  });
}

/** npm runs scripts in the folder of the package; people mean the folder that they stand in. */
function workingFolder(): string {
  const { npm_lifecycle_event: script, INIT_CWD: started } = process.env;
  return (script === "haps" || script === "start") && started !== undefined ? started : process.cwd();
}

process.on("SIGINT", interrupt);
process.on("SIGTERM", interrupt);
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // `haps … | head` closes the pipe early; that is no fault.
  if (error.code === "EPIPE") process.exit(EXIT_CODES.ok);
  throw error;
});

const terminal: Terminal = {
  out: (text) => process.stdout.write(text),
  note: (text) => process.stderr.write(text),
  shown: process.stdout.isTTY === true,
  interactive: process.stderr.isTTY === true && process.env.TERM !== "dumb",
  colours: createColours(wantsColours(process.stdout, process.env)),
  env: process.env,
  cwd: workingFolder(),
  root: repositoryRoot,
  signal: interruption.signal,
  now: Date.now,
  ...(process.stdin.isTTY === true && process.stdout.isTTY === true ? { ask } : {}),
};

const code = await main(process.argv.slice(2), terminal);
process.stdout.write("", () => process.exit(code));
