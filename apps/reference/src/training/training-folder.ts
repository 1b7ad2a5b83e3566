import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runManifestSchema } from "@haps/run";

/** Whether a run's configuration is that of a training. */
export function isTrainingConfig(config: unknown): boolean {
  return typeof config === "object" && config !== null && "kind" in config && config.kind === "training";
}

/** Whether a folder holds a training of ours: a `config.json` of that kind beside a run's manifest. */
export function isTrainingFolder(folder: string): boolean {
  return (
    isTrainingConfig(readJson(join(folder, "config.json"))) &&
    runManifestSchema.safeParse(readJson(join(folder, "manifest.json"))).success
  );
}

/** `undefined` where there is no such file or it is not JSON. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
