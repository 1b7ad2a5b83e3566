/** @module Entry of a process that runs a study until it kills itself at an event; its only argument is a {@link KilledStudy}. */
import { loadBackend } from "@haps/tensor";
import { type RunStudyOptions, runStudy } from "../../src/study/run-study.ts";

/** What the process is told. */
export interface KilledStudy {
  readonly options: Omit<RunStudyOptions, "signal">;
  /** Kind of the event at which it kills itself. */
  readonly at: "progress" | "sampling" | "unit";
  /** Number of the event among those of its kind, from 1. */
  readonly number: number;
}

const { options, at, number } = JSON.parse(process.argv[2] as string) as KilledStudy;
let events = 0;
const counting = (kind: KilledStudy["at"]) => (): void => {
  if (kind === at) events += 1;
  if (events === number) process.kill(process.pid, "SIGKILL");
};
await loadBackend();
await runStudy({
  ...options,
  signal: new AbortController().signal,
  onSampling: counting("sampling"),
  onProgress: counting("progress"),
  onUnit: counting("unit"),
});
