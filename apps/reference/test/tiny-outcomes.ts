import { join } from "node:path";
import { plantedSignal, writeOutcomeTable } from "@haps/datasets";
import type { OutcomeTable } from "@haps/spec";

/** A generated table that is quick to fit: 48 questions, two candidates with two settings each. */
export function tinyTable(): OutcomeTable {
  const arms = { candidates: 2, settings: 2 };
  return plantedSignal({ questions: 48, arms, effect: 0.4, noise: 0.2, seed: 5 }).table;
}

/** Writes {@link tinyTable} as outcomes of somebody's own; returns the file's name in the folder. */
export async function writeTinyOutcomes(folder: string, name = "outcomes.jsonl"): Promise<string> {
  await writeOutcomeTable(tinyTable(), join(folder, name));
  return name;
}
