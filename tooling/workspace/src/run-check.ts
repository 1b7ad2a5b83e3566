import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { checkSteps } from "./check-steps.ts";
import { stopCommands } from "./run-command.ts";
import { runSteps } from "./run-steps.ts";
import type { FinishedStep, Step } from "./step.ts";
import { countLine, countResults, stepLine } from "./summary.ts";

/** How a check runs. */
export interface RunCheckOptions {
  readonly root: string;
  /** Steps to run, with what they need; all where it is empty. */
  readonly only: readonly string[];
  /** Steps that were done before, to be counted with the rest. */
  readonly done: readonly FinishedStep[];
  /** Takes one line of the report. */
  readonly write: (line: string) => void;
}

const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs the steps of `npm test` and reports each as it ends, a failed one with its output; the last line counts them.
 *
 * @returns The exit code: 0 when nothing failed, 1 when something did, 2 for the name of a step that does not exist.
 */
export async function runCheck({ root, only, done, write }: RunCheckOptions): Promise<number> {
  const start = performance.now();
  const temporary = mkdtempSync(join(tmpdir(), "haps-check-"));
  const cleanUp = (): void => rmSync(temporary, { recursive: true, force: true });
  const interrupt = (): never => {
    stopCommands();
    cleanUp();
    process.exit(130);
  };
  for (const signal of endingSignals) process.once(signal, interrupt);
  try {
    const cores = Math.max(1, Math.min(4, availableParallelism()));
    const all = checkSteps({ root, temporary, cores });
    const unknown = only.filter((name) => !all.some((step) => step.name === name));
    if (unknown.length > 0) {
      write(
        `unknown step ${unknown.map((name) => `"${name}"`).join(", ")}; there are: ${all.map((one) => one.name).join(", ")}`,
      );
      return 2;
    }
    const steps = only.length === 0 ? all : chosenSteps(all, only);
    const onEnd = (step: FinishedStep): void => {
      write(stepLine(step));
      if (step.outcome === "failed") write(`${step.output.trimEnd().replaceAll(/^/gm, "  | ")}\n`);
    };
    const finished = [...done, ...(await runSteps(steps, { cores, onEnd, now: () => performance.now() }))];
    const seconds = (performance.now() - start) / 1000 + done.reduce((sum, step) => sum + step.seconds, 0);
    return writeSummary(finished, seconds, write);
  } finally {
    for (const signal of endingSignals) process.off(signal, interrupt);
    cleanUp();
  }
}

/** The named steps with everything they need, in the listed order. */
export function chosenSteps(all: readonly Step[], names: readonly string[]): readonly Step[] {
  const wanted = new Set(names);
  for (const name of wanted) for (const need of all.find((step) => step.name === name)?.needs ?? []) wanted.add(need);
  return all.filter(({ name }) => wanted.has(name));
}

function writeSummary(finished: readonly FinishedStep[], seconds: number, write: (line: string) => void): number {
  const count = countResults(finished);
  const failed = finished.filter(({ outcome }) => outcome === "failed").map(({ name }) => name);
  const notRun = finished.filter(({ outcome }) => outcome === "skipped").map(({ name }) => name);
  write(`\n${finished.length} steps in ${seconds.toFixed(0)} s, ${count.skipped} tests or steps skipped`);
  if (failed.length > 0) write(`failed: ${failed.join(", ")}`);
  if (notRun.length > 0) write(`not run: ${notRun.join(", ")}`);
  write(countLine(count));
  return count.failed === 0 ? 0 : 1;
}
