import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative, resolve } from "node:path";
import { HapsError } from "@haps/spec";
import { printEvaluation } from "../evaluation/print-evaluation.ts";
import { type FinishedEvaluation, runEvaluation } from "../evaluation/run-evaluation.ts";
import { findData } from "../experiments/find-data.ts";
import { resolveSubject, SIMULATED, type Subject, simulatedSubject } from "../experiments/resolve-subject.ts";
import type { SimulatedSource } from "../experiments/table-source.ts";
import { Interrupted } from "../interrupted.ts";
import { type Terminal, worldOf } from "../terminal/terminal.ts";
import { loadCheckpoint } from "../training/router-checkpoint.ts";
import type { TrainedRouter } from "../training/train-router.ts";
import { commandLine } from "./command-line.ts";
import { evaluationJson, orSayHowToResume, requestOf } from "./evaluate.ts";
import { printJson } from "./json-output.ts";
import { decisionJson, printDecision, routeText } from "./route.ts";
import { fileName, trainSubject } from "./train.ts";

/** Options of `haps demo --logged`. */
export interface LoggedDemoOptions {
  readonly seeds: number;
  readonly workers?: number;
  readonly runs: string;
  readonly json?: boolean;
  /** Default: what `haps evaluate` compares. */
  readonly methods?: readonly string[];
  /** What to show where there is no data. Default: the usual generated pool. */
  readonly simulated?: SimulatedSource;
}

const EXPERIMENT = "prompt-routing";

/** What the demo routes where nobody types a question. */
const QUESTION =
  "A train leaves at 9:40 and travels 210 km at 84 km/h. When does it arrive? (A) 11:50 (B) 12:10 (C) 12:30 (D) 12:50";

/** Trains, compares and routes on recorded outcomes. */
export async function loggedDemo(terminal: Terminal, options: LoggedDemoOptions): Promise<void> {
  const json = options.json === true;
  const say = (text: string): void => (json ? terminal.note(text) : terminal.out(text));
  const { colours } = terminal;
  say(`${colours.bold("HAPS")} learns, for every question, which language model to use and with which settings.\n`);
  const subject = await demoSubject(terminal, options, say);
  const tag = subject.opened.simulated ? colours.yellow(" [simulated]") : "";
  const runsFolder = resolve(terminal.cwd, options.runs);

  say(`\n${colours.bold("1  HAPS trains")}${tag}\n`);
  const trained = await orSayHowToResume(terminal, () =>
    trainForDemo(terminal, subject, join(runsFolder, "demo", fileName(subject.name))),
  );
  say(`trained on ${subject.opened.table.rows.length} questions in ${trained.steps} steps${tag}\n`);

  say(`\n${colours.bold("2  Does it beat the other routers, on questions that none of them has seen?")}${tag}\n`);
  const finished = await orSayHowToResume(terminal, () =>
    runEvaluation(requestOf(subject, options), {
      terminal,
      runsFolder,
      workers: options.workers ?? availableParallelism(),
      fresh: false,
      opened: subject.opened,
    }),
  );
  if (!json) printEvaluation(terminal, finished.result);

  say(`\n${colours.bold("3  A question of your own")}${tag}\n`);
  const routed = await routeForDemo(terminal, trained.routerFolder, json);
  if (json) return printJson(terminal, { ...evaluationJson(finished), training: trained, decision: routed });
  sayWhatNext(terminal, subject, trained, finished);
}

async function demoSubject(
  terminal: Terminal,
  { simulated }: LoggedDemoOptions,
  say: (text: string) => void,
): Promise<Subject> {
  const world = worldOf(terminal);
  if (findData(world.env, world.cwd, world.root) !== undefined)
    return resolveSubject({ ...world, experiment: EXPERIMENT });
  say(
    terminal.colours.yellow(
      "No recorded outcomes found (HAPS_DATA is not set, ../shared/data is not there): everything below is simulated.\n",
    ),
  );
  return simulatedSubject(simulated === undefined ? {} : { source: simulated });
}

/** Goes on with an unfinished training of this very program, else trains anew: the demo shows a training. */
async function trainForDemo(terminal: Terminal, subject: Subject, folder: string): Promise<TrainedRouter> {
  const options = { folder, seed: 1, checkpointEvery: 50 };
  try {
    return await trainSubject(terminal, subject, { ...options, fresh: existsSync(join(folder, "result.json")) });
  } catch (error) {
    if (!HapsError.isInstance(error) || error.code !== "config") throw error;
    return trainSubject(terminal, subject, { ...options, fresh: true });
  }
}

async function routeForDemo(terminal: Terminal, folder: string, json: boolean): Promise<object> {
  const checkpoint = loadCheckpoint(folder);
  try {
    const typed = json ? "" : ((await terminal.ask?.("type a question, or Enter for an example: ")) ?? "");
    const text = typed.trim() === "" ? QUESTION : typed;
    const decision = await routeText(checkpoint, text, 0, terminal.signal);
    if (!json) printDecision(terminal, checkpoint, decision, text);
    return decisionJson(checkpoint, decision, text, 0);
  } catch (error) {
    // The prompt has left the cursor in its line.
    if (error instanceof Interrupted) terminal.note("\nstopped; the router and the comparison are kept\n");
    throw error;
  } finally {
    checkpoint.router.dispose();
  }
}

function sayWhatNext(terminal: Terminal, subject: Subject, trained: TrainedRouter, finished: FinishedEvaluation): void {
  const { cwd, out, colours } = terminal;
  const simulated = subject.opened.simulated;
  const show = (path: string): string => relative(cwd, path) || path;
  const lines = [
    ["report", `${show(finished.reportFile)}${simulated ? " [simulated]" : ""}`],
    ["another question", commandLine("route", show(trained.routerFolder), "your question")],
    ["your own outcomes", commandLine("evaluate", "--outcomes", "outcomes.jsonl")],
    ["your own router", commandLine("evaluate", simulated ? SIMULATED : EXPERIMENT, "--router", "./mine.mjs")],
    ["everything else", commandLine("--help")],
  ] as const;
  out("\n");
  for (const [name, text] of lines) out(`${colours.dim(name.padEnd(18))} ${text}\n`);
}
