import { accessSync, constants, existsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { adapters } from "@haps/datasets";
import { loadBackend } from "@haps/tensor";
import { findData } from "../experiments/find-data.ts";
import { listExperiments, loadExperiment } from "../experiments/load-experiment.ts";
import { programIdentity } from "../program-identity.ts";
import { formatBytes } from "../terminal/format-number.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { printJson } from "./json-output.ts";

/** One thing that was looked at. */
interface Check {
  readonly name: string;
  readonly status: "ok" | "warning" | "error";
  readonly detail: string;
  /** What to do, where something is wrong or could be better. */
  readonly advice?: string;
}

/** Options of `haps doctor`. */
export interface DoctorOptions {
  readonly runs: string;
  readonly json?: boolean;
}

/** Looks at everything the other commands need; returns whether all of it is usable. */
export async function doctor(terminal: Terminal, options: DoctorOptions): Promise<boolean> {
  const program = programIdentity();
  const checks: Check[] = [
    checkNode(),
    { name: "program", status: "ok", detail: `${program.versions.haps}, commit ${program.commit ?? "unknown"}` },
    {
      name: "machine",
      status: "ok",
      detail: `${process.platform} ${process.arch}, ${availableParallelism()} cores, ${formatBytes(totalmem())}`,
    },
    await attempt("backend", checkBackend),
    await attempt("data", () => checkData(terminal)),
    await attempt("experiments", () => checkExperiments(terminal)),
    await attempt("runs folder", () => checkRuns(resolve(terminal.cwd, options.runs))),
  ];
  const ok = checks.every((check) => check.status !== "error");
  if (options.json === true) {
    printJson(terminal, { ok, checks });
    return ok;
  }
  const { colours } = terminal;
  const mark = { ok: colours.green("ok     "), warning: colours.yellow("warning"), error: colours.red("error  ") };
  for (const { name, status, detail, advice } of checks) {
    terminal.out(`${mark[status]}  ${name.padEnd(12)} ${detail}\n`);
    if (advice !== undefined) terminal.out(`${" ".repeat(22)}${colours.dim(advice)}\n`);
  }
  return ok;
}

async function attempt(name: string, check: () => Check | Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    return { name, status: "error", detail: error instanceof Error ? error.message : String(error) };
  }
}

function checkNode(): Check {
  const [major = 0] = process.versions.node.split(".").map(Number);
  const detail = `node ${process.versions.node}`;
  if (major === 20 || major === 22) return { name: "node", status: "ok", detail };
  return { name: "node", status: "warning", detail, advice: "Node 20.19+ and 22 are tested" };
}

async function checkBackend(): Promise<Check> {
  const { name, tried, hint } = await loadBackend();
  const failed = tried.map((attempted) => `${attempted.name}: ${attempted.reason}`).join("; ");
  const advice = [hint, failed].filter((text) => text !== "").join("; ");
  return { name: "backend", status: name === "cpu" ? "warning" : "ok", detail: name, advice };
}

function checkData({ env, cwd, root }: Terminal): Check {
  const data = findData(env, cwd, root);
  if (data === undefined) {
    const advice =
      "set HAPS_DATA, or put the sets at ../shared/data beside the repository; the demo runs on simulated outcomes without";
    return { name: "data", status: "warning", detail: "no data folder", advice };
  }
  const present = Object.entries(adapters).filter(([, { files }]) =>
    files.every((file) => existsSync(join(data.folder, file))),
  );
  const absent = Object.keys(adapters).filter((name) => !present.some(([other]) => other === name));
  const detail = `${data.folder}: ${present.map(([name]) => name).join(", ") || "no known set"}`;
  if (absent.length === 0) return { name: "data", status: "ok", detail };
  return { name: "data", status: "warning", detail, advice: `absent: ${absent.join(", ")}` };
}

function checkExperiments({ cwd }: Terminal): Check {
  const names = listExperiments();
  for (const name of names) loadExperiment(name, cwd);
  return { name: "experiments", status: "ok", detail: names.join(", ") };
}

function checkRuns(folder: string): Check {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  accessSync(existing, constants.W_OK);
  return { name: "runs folder", status: "ok", detail: existing === folder ? folder : `${folder} (will be made)` };
}
