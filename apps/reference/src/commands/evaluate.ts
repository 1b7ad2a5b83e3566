import { availableParallelism } from "node:os";
import { relative, resolve } from "node:path";
import type { EvaluationRequest } from "../evaluation/evaluation-request.ts";
import { printEvaluation } from "../evaluation/print-evaluation.ts";
import { type FinishedEvaluation, runEvaluation } from "../evaluation/run-evaluation.ts";
import { judge } from "../evaluation/verdict.ts";
import { ownSplits, resolveSubject, type Subject } from "../experiments/resolve-subject.ts";
import type { CostField } from "../experiments/table-source.ts";
import { Interrupted } from "../interrupted.ts";
import { OWN_ROUTER } from "../jobs/workload.ts";
import { defaultMethods, findMethod, isReferenceMethod } from "../methods.ts";
import { loadOwnRouter } from "../own-router.ts";
import { type Terminal, worldOf } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";
import { printJson } from "./json-output.ts";

/** Options of `haps evaluate`. */
export interface EvaluateOptions {
  readonly outcomes?: string;
  readonly costFrom?: CostField;
  readonly folds?: number;
  readonly seeds: number;
  readonly methods?: readonly string[];
  readonly ablations?: boolean;
  readonly permute?: number;
  readonly workers?: number;
  readonly router?: string;
  readonly runs: string;
  readonly fresh?: boolean;
  readonly json?: boolean;
}

/** Fits methods on the training parts of folds and compares what they choose on the test parts. */
export async function evaluate(
  terminal: Terminal,
  experiment: string | undefined,
  options: EvaluateOptions,
): Promise<void> {
  const router = options.router === undefined ? undefined : resolve(terminal.cwd, options.router);
  // Before anything slow: a misspelt method or a broken module should not be found out after reading the data.
  const named = options.methods?.filter((name) => name !== OWN_ROUTER && !isReferenceMethod(name));
  for (const name of named ?? []) findMethod(name);
  if (router !== undefined) await loadOwnRouter(router);
  if (options.permute !== undefined && named !== undefined && !named.includes("haps")) {
    throw new UsageError("--permute measures haps, which --methods leaves out; add haps to --methods");
  }
  const subject = await resolveSubject({ ...options, ...worldOf(terminal), experiment });
  const request = requestOf(subject, options, router);
  if (request.methods.length === 0) {
    throw new UsageError("--methods names only methods that are always computed; name one to fit, e.g. haps");
  }
  announce(terminal, subject, request);
  const finished = await orSayHowToResume(terminal, () =>
    runEvaluation(request, {
      terminal,
      runsFolder: resolve(terminal.cwd, options.runs),
      workers: options.workers ?? availableParallelism(),
      fresh: options.fresh === true,
      opened: subject.opened,
    }),
  );
  if (options.json === true) return printJson(terminal, evaluationJson(finished));
  printEvaluation(terminal, finished.result);
  terminal.out(`\nreport: ${relative(terminal.cwd, finished.reportFile)}\n`);
}

/** What `--json` prints. */
export function evaluationJson({ result, folder, reportFile }: FinishedEvaluation): Readonly<Record<string, unknown>> {
  const { summary, simulated, permutation, planted, curves, ablations, warnings, provenance } = result;
  return {
    ...summary,
    simulated,
    verdict: judge(result),
    permutation,
    planted,
    curves,
    ablations,
    warnings,
    provenance,
    folder,
    report: reportFile,
  };
}

/** The request of a subject with the options of a command. */
export function requestOf(
  subject: Subject,
  options: Pick<EvaluateOptions, "seeds" | "methods" | "ablations" | "permute">,
  router?: string,
): EvaluationRequest {
  const { name, title, question, notes, source, folds, costWeights, label } = subject;
  const labelled = subject.opened.table.rows.some((row) => row.labels[label] !== undefined);
  const usual = defaultMethods({
    operatingPoint: subject.operatingPoint,
    ablations: options.ablations === true,
    labelled,
  });
  const chosen = options.methods ?? usual;
  const extra =
    options.methods !== undefined && options.ablations === true
      ? usual.filter((id) => findMethod(id).role === "ablation")
      : [];
  const own = router === undefined ? [] : [OWN_ROUTER];
  const fitted = [...chosen, ...extra, ...own].filter((id) => !isReferenceMethod(id));
  if (fitted.includes(OWN_ROUTER) && router === undefined) {
    throw new UsageError(`--methods names ${OWN_ROUTER}; give its module with --router ./mine.mjs`);
  }
  return {
    experiment: { name, title, question, notes },
    workload: { source, folds, costWeights, label, ...(router === undefined ? {} : { router }) },
    methods: [...new Set(fitted)],
    seeds: Array.from({ length: options.seeds }, (_, index) => index + 1),
    permutations: options.permute ?? 0,
  };
}

/** Says first what is going to be done, on standard error. */
export function announce(terminal: Terminal, subject: Subject, request: EvaluationRequest): void {
  const { table, simulated } = subject.opened;
  terminal.note(
    `${subject.name}${simulated ? " (simulated)" : ""}: ${table.rows.length} questions, ${table.arms.length} arms; ${request.methods.join(", ")}; ${request.seeds.length} x ${request.workload.folds} folds\n`,
  );
  const splits = ownSplits(subject);
  if (splits !== undefined) {
    terminal.note(`  note: folds are drawn over the rows of all splits (${splits}); the column "split" is not used\n`);
  }
}

/** Runs work that keeps what it finishes; after Ctrl-C it says that the same command goes on from there. */
export async function orSayHowToResume<Value>(terminal: Terminal, work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Interrupted) && !terminal.signal.aborted) throw error;
    terminal.note("stopped; run the same command again to go on from here\n");
    throw new Interrupted();
  }
}
