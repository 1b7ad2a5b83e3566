import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { REFERENCE_METHODS } from "@haps/evaluation";
import { ConfigError, type ConfigIssue, closestName, DataError, parseConfig } from "@haps/spec";
import { findMethod } from "../methods.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";
import { liveMethodOf } from "./run-live-unit.ts";
import { BEST_ROUTER } from "./study-comparisons.ts";
import { type StudyConfig, studyConfigSchema } from "./study-config.ts";
import { CLASS_TABLE } from "./study-methods.ts";

/** Folder of the studies that come with the command, in a checkout. */
export function studiesFolder(root: string): string {
  return join(root, "apps/reference/studies");
}

/** Names of the studies that come with the command. */
export function studyNames(root: string): readonly string[] {
  const folder = studiesFolder(root);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length))
    .sort();
}

/**
 * Reads a study by its name, or from a file of one's own.
 *
 * Everything is checked before anything is played: methods with their changes, names of routers and in comparisons.
 *
 * @throws UsageError for an unknown name; DataError for a file that is no JSON; ConfigError naming every field that is wrong.
 */
export function loadStudy({ root, cwd }: Pick<Terminal, "cwd" | "root">, nameOrFile: string): StudyConfig {
  const own = nameOrFile.endsWith(".json");
  const file = own ? resolve(cwd, nameOrFile) : join(studiesFolder(root), `${nameOrFile}.json`);
  if (!existsSync(file)) throw new UsageError(own ? `no file at ${file}` : unknownStudy(root, nameOrFile));
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new DataError({ file }, "is no JSON", "correct the file", { cause });
  }
  const config = parseConfig(`study ${nameOrFile}`, studyConfigSchema, content);
  checkNames(`study ${nameOrFile}`, config);
  for (const id of Object.keys(config.methods)) liveMethodOf(config, id);
  for (const id of config.routers) findMethod(id);
  return config;
}

function unknownStudy(root: string, name: string): string {
  const names = studyNames(root);
  const near = closestName(name, names);
  const advice =
    near === undefined ? `studies: ${names.join(", ") || "none"}; or give a .json file` : `did you mean "${near}"?`;
  return `there is no study "${name}"; ${advice}`;
}

function checkNames(where: string, { methods, routers, primary }: StudyConfig): void {
  const names = [...Object.keys(methods), ...routers];
  const compared = new Set([...names, BEST_ROUTER, CLASS_TABLE, ...REFERENCE_METHODS]);
  const issues = routers.flatMap((id, place): ConfigIssue[] =>
    names.indexOf(id) === names.lastIndexOf(id)
      ? []
      : [{ path: `routers.${place}`, message: `"${id}" is there twice` }],
  );
  primary.forEach(({ method, baseline }, place) => {
    for (const [field, id] of Object.entries({ method, baseline })) {
      // Static assignments are named by their candidates, which the pool knows.
      if (compared.has(id) || id.includes(" + ")) continue;
      issues.push({
        path: `primary.${place}.${field}`,
        message: `there is no "${id}"; there are ${[...compared].join(", ")}`,
      });
    }
  });
  if (issues.length > 0) throw new ConfigError(where, issues);
}
