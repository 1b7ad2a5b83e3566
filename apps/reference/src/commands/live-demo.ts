import { availableParallelism } from "node:os";
import { relative, resolve } from "node:path";
import type { LabelledQuestion } from "@haps/spec";
import { loadBackend } from "@haps/tensor";
import { formatTrace } from "@haps/workflow";
import { Interrupted } from "../interrupted.ts";
import { ownQuestion } from "../live/own-question.ts";
import type { TrainedLiveMethod } from "../live/train-live-method.ts";
import { poolFolder } from "../pool/pool-folder.ts";
import { programIdentity } from "../program-identity.ts";
import { loadStudy } from "../study/load-study.ts";
import { type PlayedQuestion, playQuestions } from "../study/play-questions.ts";
import { trainUnit } from "../study/run-live-unit.ts";
import { type FinishedStudy, runStudy } from "../study/run-study.ts";
import { openStudy, type StudyContext } from "../study/study-context.ts";
import type { UnitRecord } from "../study/study-unit.ts";
import { writeStudy } from "../study/write-study.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { commandLine } from "./command-line.ts";
import { orSayHowToResume } from "./evaluate.ts";
import { printJson } from "./json-output.ts";
import { studyBars } from "./study-bars.ts";
import { noteUnknownWords } from "./trace.ts";

/** Options of `haps demo`. */
export interface LiveDemoOptions {
  readonly workers?: number;
  readonly runs: string;
  readonly json?: boolean;
  /** Name or file of the study that is run. Default `demo`. */
  readonly study?: string;
  /** Folder of the models that play. Default: those that come with the command. */
  readonly pool?: string;
}

const METHOD = "haps";
const SEED = 1;
/** What the demo plays where nobody types a question. */
const QUESTION = "What is the currency of the country whose capital is Tokyo?";
const TRACES = 3;

/** HAPS from end to end with small language models that play live: trains, compares, shows how questions went, takes one. */
export async function liveDemo(terminal: Terminal, options: LiveDemoOptions): Promise<void> {
  const { colours } = terminal;
  const json = options.json === true;
  const say = (text: string): void => (json ? terminal.note(text) : terminal.out(text));
  say(
    `${colours.bold("HAPS")} decides, for every question and role, which language model plays it and with which generated LoRA weights.\n`,
  );
  say(
    "Two small models play teacher and student on questions that need two facts. Their bad habits were put into them.\n",
  );

  say(`\n${colours.bold("1  Base models play, HAPS trains on its own episodes, the others on what was seen")}\n`);
  const study = await run(terminal, options);
  const curve = study.records.find(({ method }) => method === METHOD)?.curve ?? [];
  say(curveText(curve));

  const context = await openStudy(study.place, terminal.signal);
  let reportFile = "";
  try {
    const trained = await trainUnit(context, { method: METHOD, seed: SEED }, { signal: terminal.signal });
    try {
      const traces = await changedTraces(context, trained, study, terminal.signal);
      const files = await writeStudy(study, [SEED], terminal, traces);
      ({ reportFile } = files);
      say(`\n${colours.bold("2  Does it help, on questions that training has not seen?")}\n`);
      say(files.text);
      say(`\n${colours.bold(`3  How it went: ${TRACES} questions that its weights changed`)}\n`);
      for (const text of traces) say(`\n${text}\n`);
      if (traces.length === 0) say("none: the generated weights changed no answer from wrong to right\n");

      say(`\n${colours.bold("4  A question of your own")}\n`);
      const played = await askAndPlay(terminal, context, trained, json);
      if (json) return printJson(terminal, { result: files.result, curve, traces, question: played });
    } finally {
      trained.dispose();
    }
  } finally {
    await context.dispose();
  }
  sayWhatNext(terminal, study, reportFile);
}

async function run(terminal: Terminal, options: LiveDemoOptions): Promise<FinishedStudy> {
  const config = loadStudy(terminal, options.study ?? "demo");
  const backend = await loadBackend();
  const bars = studyBars(terminal);
  return orSayHowToResume(terminal, () =>
    runStudy({
      config,
      poolFolder: resolve(terminal.cwd, options.pool ?? poolFolder(terminal.root, config.benchmark, 1)),
      runsFolder: resolve(terminal.cwd, options.runs),
      seeds: [SEED],
      workers: options.workers ?? availableParallelism(),
      manifest: { ...programIdentity(), backend: backend.name, dataHash: null },
      time: new Date(terminal.now()).toISOString(),
      signal: terminal.signal,
      ...bars.callbacks,
    }).finally(bars.stop),
  );
}

/** Scores on valid during training, as numbers and as bars. */
function curveText(curve: UnitRecord["curve"]): string {
  const bar = (score: number): string => "█".repeat(Math.round(score * 40));
  const lines = curve.map(
    ({ step, score }) => `  step ${String(step).padStart(4)}  ${score.toFixed(3)}  ${bar(score)}\n`,
  );
  return ["learning curve: mean F1 on valid while HAPS trains\n", ...lines].join("");
}

/** Questions that were wrong with the candidates as they are and right with their weights. */
async function changedTraces(
  { setting }: StudyContext,
  trained: TrainedLiveMethod,
  { records }: FinishedStudy,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const scores = records.find(({ method }) => method === METHOD)?.test.score ?? [];
  const right = setting.benchmark.splits.test.filter((_, row) => scores[row] === 1).map(({ question }) => question);
  const shown: string[] = [];
  const before = await playQuestions(setting, trained, right, { withLora: false, signal });
  const wrong = right.filter((_, row) => isWrong(before[row])).slice(0, TRACES);
  if (wrong.length === 0) return [];
  const after = await playQuestions(setting, trained, wrong, { withLora: true, signal });
  wrong.forEach((question: LabelledQuestion, index) => {
    const without = before[right.indexOf(question)];
    const text = formatTrace((after[index] as PlayedQuestion).trace, {
      question: question.text,
      gold: question.gold.answer,
      prompts: false,
    });
    shown.push(`${text}\nwithout its generated weights the answer was ${answerText(without)}`);
  });
  return shown;
}

function isWrong(played: PlayedQuestion | undefined): boolean {
  return played !== undefined && "score" in played.outcome && played.outcome.score === 0;
}

function answerText(played: PlayedQuestion | undefined): string {
  const answer = played !== undefined && "answer" in played.outcome ? played.outcome.answer : null;
  return answer === null ? "none" : JSON.stringify(answer);
}

async function askAndPlay(
  terminal: Terminal,
  context: StudyContext,
  trained: TrainedLiveMethod,
  json: boolean,
): Promise<PlayedQuestion> {
  const typed = json ? "" : await askForQuestion(terminal);
  const text = typed.trim() === "" ? QUESTION : typed.trim();
  if (typed.trim() === "" && !json) terminal.out(`question: ${text}\n`);
  noteUnknownWords(terminal, context, text);
  const [played] = await playQuestions(context.setting, trained, [ownQuestion(text)], {
    withLora: true,
    signal: terminal.signal,
  });
  if (played === undefined) throw new Error("internal: nothing was played");
  if (!json) {
    const roles = Object.entries(played.candidates).map(([role, candidate]) => `${role}: ${candidate}`);
    terminal.out(`${roles.join(", ")}\nanswer: ${answerText(played)}\n`);
  }
  return played;
}

async function askForQuestion({ ask, note }: Terminal): Promise<string> {
  try {
    return (await ask?.("type a question about countries, books, ..., or Enter for an example: ")) ?? "";
  } catch (error) {
    // The prompt has left the cursor in its line.
    if (error instanceof Interrupted) note("\nstopped; what was trained and the comparison are kept\n");
    throw error;
  }
}

function sayWhatNext(terminal: Terminal, { place }: FinishedStudy, reportFile: string): void {
  const { cwd, out, colours } = terminal;
  const folder = relative(cwd, place.folder) || place.folder;
  const lines = [
    ["report", relative(cwd, reportFile) || reportFile],
    ["another question", commandLine("trace", folder, QUESTION)],
    ["the whole study", commandLine("experiment", "atlas-hop", "--seeds", "5")],
    ["recorded outcomes", commandLine("demo", "--logged")],
    ["everything else", commandLine("--help")],
  ] as const;
  out("\n");
  for (const [name, text] of lines) out(`${colours.dim(name.padEnd(18))} ${text}\n`);
}
