import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { main } from "../src/main.ts";
import { createColours } from "../src/terminal/terminal.ts";

/** What a command wrote and how it ended. */
export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Where and how a command is run. */
export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with everything written to standard error, as it is written. */
  readonly onNote?: (text: string) => void;
  readonly signal?: AbortSignal;
  readonly colours?: boolean;
  /** Whether standard output counts as a terminal. */
  readonly shown?: boolean;
}

/** Runs the command in this process, in a checkout beside which there are no data. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  let out = "";
  let err = "";
  const code = await main(args, {
    out: (text) => {
      out += text;
    },
    note: (text) => {
      err += text;
      options.onNote?.(text);
    },
    shown: options.shown === true,
    interactive: false,
    colours: createColours(options.colours === true),
    env: options.env ?? {},
    cwd: options.cwd,
    root: join(options.cwd, "checkout"),
    signal: options.signal ?? new AbortController().signal,
    now: Date.now,
  });
  return { code, out, err };
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "haps-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
