import { unitName } from "../study/study-unit.ts";
import { formatDuration } from "../terminal/format-number.ts";
import { createProgress, type Progress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** A bar for each sampling, then one for the units. */
export function studyBars(terminal: Terminal) {
  let bar: Progress | undefined;
  let label = "";
  let finished = 0;
  const show = (next: string, total: number): Progress => {
    if (bar === undefined || label !== next) {
      bar?.stop();
      bar = createProgress(terminal, { label: next, total });
      label = next;
    }
    return bar;
  };
  return {
    stop: () => bar?.stop(),
    callbacks: {
      onSampling: ({ split, done, total }: { readonly split: string; readonly done: number; readonly total: number }) =>
        show(`assignments on ${split}`, total).update(done),
      onPlanned: ({ done, total }: { readonly done: number; readonly total: number }) => {
        finished = done;
        if (total > done) show("methods", total).update(done);
      },
      onUnit: (unit: { readonly method: string; readonly seed: number }, milliseconds: number) => {
        finished += 1;
        bar?.update(finished, unitName(unit));
        terminal.note(`  ${unitName(unit)}: ${formatDuration(milliseconds)}\n`);
      },
      onProgress: (
        unit: { readonly method: string; readonly seed: number },
        { phase, step, steps }: { readonly phase: string; readonly step: number; readonly steps: number },
      ) => bar?.update(finished, `${unitName(unit)} ${phase} ${step}/${steps}`),
    },
  };
}
