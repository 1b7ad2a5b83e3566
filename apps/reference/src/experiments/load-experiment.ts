import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { closestName, DataError, parseConfig } from "@haps/spec";
import { UsageError } from "../usage-error.ts";
import { experimentConfigSchema, type ResolvedExperimentConfig } from "./experiment-config.ts";

/** An experiment with its name and where it came from. */
export interface Experiment {
  readonly name: string;
  /** Absolute path of its `config.json`. */
  readonly file: string;
  readonly config: ResolvedExperimentConfig;
}

/** Folder of the experiments that come with the command. */
export const experimentsFolder = fileURLToPath(new URL("../../experiments/", import.meta.url));

/** Names of the experiments in a folder, sorted. */
export function listExperiments(folder: string = experimentsFolder): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "config.json")))
    .sort();
}

/**
 * Loads an experiment by its name, or from a folder or a `config.json` of one's own.
 *
 * @param nameOrPath - A name of {@link listExperiments}, or a path that holds a `/`, `\` or ends in `.json`.
 * @throws UsageError for an unknown name, with the nearest known one.
 * @throws DataError for broken JSON; ConfigError naming every wrong field, unknown keys with the nearest known one.
 */
export function loadExperiment(nameOrPath: string, cwd: string, folder: string = experimentsFolder): Experiment {
  const known = listExperiments(folder);
  if (known.includes(nameOrPath)) return readExperiment(nameOrPath, join(folder, nameOrPath, "config.json"));
  if (!/[/\\]|\.json$/.test(nameOrPath)) {
    const near = closestName(nameOrPath, known);
    const advice = near === undefined ? `known: ${known.join(", ")}` : `did you mean "${near}"?`;
    throw new UsageError(`unknown experiment ${JSON.stringify(nameOrPath)}; ${advice}`);
  }
  const path = resolve(cwd, nameOrPath);
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, "config.json") : path;
  if (!existsSync(file)) throw new UsageError(`no experiment at ${nameOrPath}; expected a folder with a config.json`);
  const parts = file.split(/[/\\]/);
  return readExperiment((parts.at(-1) === "config.json" ? parts.at(-2) : parts.at(-1)) ?? "experiment", file);
}

function readExperiment(name: string, file: string): Experiment {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new DataError({ file }, `is not JSON (${problem})`, "correct the file", { cause: error });
  }
  return { name, file, config: parseConfig(`experiment ${JSON.stringify(name)}`, experimentConfigSchema, value) };
}
