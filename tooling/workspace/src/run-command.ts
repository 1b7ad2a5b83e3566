import { spawn } from "node:child_process";
import { quietEnvironment } from "../bin/bootstrap.mjs";

/** How a child process runs. */
export interface CommandOptions {
  /** Working folder. */
  readonly cwd: string;
  /** Added to the quiet environment of the workspace. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Seconds after which it is killed and counts as failed; default 600. */
  readonly limitSeconds?: number;
}

/** What came of a child process. */
export interface CommandResult {
  readonly ok: boolean;
  /** Standard output and standard error in the order they came. */
  readonly output: string;
  /** Standard output alone. */
  readonly stdout: string;
}

/** Some programs take any value of FORCE_COLOR for yes, so it is removed instead of set to 0. */
const withoutColours = { NO_COLOR: "1", FORCE_COLOR: undefined };

const running = new Set<() => void>();

/** Kills what {@link runCommand} still has running; for an interrupted check. */
export function stopCommands(): void {
  for (const stop of running) stop();
}

/** Runs a command to its end and keeps its output; never throws for what the command does. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const limit = options.limitSeconds ?? 600;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...quietEnvironment(), ...withoutColours, ...options.environment },
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32" && command === "npx",
      detached: process.platform !== "win32",
    });
    let output = "";
    let stdout = "";
    const stop = (): void => stopGroup(child.pid);
    running.add(stop);
    const timer = setTimeout(() => {
      output += `\nstopped after ${limit} s\n`;
      stop();
    }, limit * 1000);
    const end = (ok: boolean): void => {
      clearTimeout(timer);
      running.delete(stop);
      resolve({ ok, output, stdout });
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.on("error", (error) => {
      output += `${command} could not be started: ${error.message}\n`;
      end(false);
    });
    child.on("close", (code) => end(code === 0));
  });
}

/** Stops a child with everything it started: on POSIX it leads its own group. */
function stopGroup(id: number | undefined): void {
  if (id === undefined) return;
  try {
    process.kill(process.platform === "win32" ? id : -id, "SIGKILL");
  } catch {
    // It has already ended.
  }
}
