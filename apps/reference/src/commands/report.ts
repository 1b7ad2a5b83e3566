import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { DataError } from "@haps/spec";
import { type EvaluationResult, evaluationResultSchema } from "../evaluation/evaluation-result.ts";
import { parseWritten } from "../parse-written.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";
import { printJson } from "./json-output.ts";

/** Options of `haps report`. */
export interface ReportOptions {
  readonly out?: string;
  readonly json?: boolean;
}

/** Writes the report of a finished evaluation anew. */
export async function report(terminal: Terminal, target: string, options: ReportOptions): Promise<void> {
  const file = findResult(resolve(terminal.cwd, target));
  const result = readResult(file);
  const page = options.out === undefined ? join(dirname(file), "report.html") : resolve(terminal.cwd, options.out);
  // Loading the charts takes longer than most commands do.
  const { renderReport } = await import("../report/render-report.ts");
  mkdirSync(dirname(page), { recursive: true });
  writeFileSync(page, renderReport(result));
  if (options.json === true) {
    printJson(terminal, {
      experiment: result.experiment.name,
      simulated: result.simulated,
      result: file,
      report: page,
    });
    return;
  }
  terminal.out(`report: ${relative(terminal.cwd, page) || page}${result.simulated ? " [simulated]" : ""}\n`);
}

/** The newest result in a result folder or in a run folder. */
function findResult(target: string): string {
  if (!existsSync(target)) throw new UsageError(`nothing at ${target}; expected the folder of an evaluation's run`);
  if (!statSync(target).isDirectory()) return target;
  const own = join(target, "result.json");
  if (existsSync(own)) return own;
  const results = join(target, "results");
  const found = (existsSync(results) ? readdirSync(results) : [])
    .map((name) => join(results, name, "result.json"))
    .filter((file) => existsSync(file))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (found[0] !== undefined) return found[0];
  throw new UsageError(`no finished evaluation in ${target}; "haps evaluate" finishes one and says where`);
}

function readResult(file: string): EvaluationResult {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new DataError({ file }, "is not JSON", "evaluate again", { cause: error });
  }
  if (typeof value === "object" && value !== null && "kind" in value && value.kind === "evaluation") {
    return parseWritten(evaluationResultSchema, value, { file, advice: "evaluate again" });
  }
  throw new UsageError(`${file} is not the result of an evaluation; reports are made of those`);
}
