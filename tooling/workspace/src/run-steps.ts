import type { FinishedStep, Step, StepResult } from "./step.ts";

/** How steps are run. */
export interface RunStepsOptions {
  /** Cores to fill; steps wait until what they need is free. */
  readonly cores: number;
  /** Called as each step ends, in the order of ending. */
  readonly onEnd?: (finished: FinishedStep) => void;
  /** Milliseconds from any origin. */
  readonly now: () => number;
}

/**
 * Runs steps in parallel within the cores given, each after the steps it needs; among those that could start, the
 * first listed goes first. A step whose need did not pass is skipped and says so. Results come in the listed order.
 */
export async function runSteps(steps: readonly Step[], options: RunStepsOptions): Promise<readonly FinishedStep[]> {
  const names = new Set(steps.map(({ name }) => name));
  const finished = new Map<string, FinishedStep>();
  const waiting = [...steps];
  const active = new Map<string, Promise<void>>();
  let free = options.cores;

  const end = (step: Step, result: StepResult, seconds: number): void => {
    const entry: FinishedStep = { ...result, name: step.name, seconds };
    finished.set(step.name, entry);
    options.onEnd?.(entry);
  };
  const start = (step: Step, cores: number): void => {
    const begin = options.now();
    free -= cores;
    const work = runStep(step).then((result) => {
      free += cores;
      active.delete(step.name);
      end(step, result, (options.now() - begin) / 1000);
    });
    active.set(step.name, work);
  };

  while (waiting.length > 0 || active.size > 0) {
    for (const step of [...waiting]) {
      const needs = (step.needs ?? []).filter((name) => names.has(name));
      if (needs.some((name) => !finished.has(name))) continue;
      const broken = needs.find((name) => finished.get(name)?.outcome !== "passed");
      const cores = Math.min(step.cores ?? 1, options.cores);
      if (broken === undefined && cores > free) continue;
      waiting.splice(waiting.indexOf(step), 1);
      if (broken === undefined) start(step, cores);
      else end(step, { outcome: "skipped", output: "", note: `needs "${broken}"` }, 0);
    }
    if (active.size > 0) await Promise.race(active.values());
    else if (waiting.length > 0 && waiting.every((step) => (step.needs ?? []).some((name) => waits(name, waiting)))) {
      throw new Error(`internal: steps wait for each other: ${waiting.map(({ name }) => name).join(", ")}`);
    }
  }
  return steps.map(({ name }) => finished.get(name) as FinishedStep);
}

function waits(name: string, waiting: readonly Step[]): boolean {
  return waiting.some((step) => step.name === name);
}

async function runStep(step: Step): Promise<StepResult> {
  try {
    return await step.run();
  } catch (error) {
    return { outcome: "failed", output: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
