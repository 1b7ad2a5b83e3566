import { loadRouter, type SavedHaps, startTraining } from "@haps/reference";
import type { OutcomeTable, Router } from "@haps/spec";
import { readSafetensors, writeSafetensors } from "@haps/tensor";

/** A short training, written to the bytes of a checkpoint and read back: what a router is after loading. */
export function trainAndReload(table: OutcomeTable, seed: number, steps: number): Router {
  const context = { task: table.task, pool: table.pool, training: table, seed };
  const training = startTraining(context, { trainer: { steps } });
  try {
    while (!training.done) training.step();
    const finished = training.finish();
    const { config, arrays } = finished.save();
    finished.router.dispose();
    const json = JSON.stringify(config);
    const weights = writeSafetensors(arrays);
    return loadRouter({ config: JSON.parse(json) as SavedHaps["config"], arrays: readSafetensors(weights).arrays });
  } finally {
    training.dispose();
  }
}
