import { closestName } from "@haps/spec";
import { Command, InvalidArgumentError, Option } from "commander";
import { type DataOptions, dataList, dataShow } from "./commands/data.ts";
import { dataCheck } from "./commands/data-check.ts";
import { type DemoOptions, demo } from "./commands/demo.ts";
import { type DoctorOptions, doctor } from "./commands/doctor.ts";
import { type EvaluateOptions, evaluate } from "./commands/evaluate.ts";
import { type ExperimentOptions, experiment } from "./commands/experiment.ts";
import { type GenerateOptions, generate } from "./commands/generate.ts";
import { type PretrainOptions, pretrain } from "./commands/pretrain.ts";
import { type ReportOptions, report } from "./commands/report.ts";
import { type RouteOptions, route } from "./commands/route.ts";
import { type TraceOptions, trace } from "./commands/trace.ts";
import { type TrainOptions, train } from "./commands/train.ts";
import { POOL_BENCHMARKS } from "./pool/pool-recipe.ts";
import { programVersion } from "./program-identity.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { UsageError } from "./usage-error.ts";

/** Called with `false` when a command ran to its end and found something wrong. */
type Outcome = (ok: boolean) => void;

/** The command with all of its sub-commands; actions write to the terminal. */
export function createProgram(terminal: Terminal, onOutcome: Outcome): Command {
  const program = new Command("haps")
    .description("Learns, for every question, which language model to use and with which settings.")
    .version(programVersion(), "--version", "print the version")
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: () => undefined })
    .helpCommand(false);
  addData(program, terminal, onOutcome);
  addEvaluate(program, terminal);
  addTrain(program, terminal);
  addGenerate(program, terminal);
  addLive(program, terminal);
  addPretrain(program, terminal);
  addRest(program, terminal, onOutcome);
  addHelp(program);
  return program;
}

/** Commander's own help command lists everything where the name is wrong. */
function addHelp(program: Command): void {
  program
    .command("help")
    .description("show help, of a command where one is named")
    .argument("[command...]")
    .action((path: readonly string[]) => {
      let found = program;
      for (const name of path) {
        const known = found.commands.map((command) => command.name());
        const next = found.commands.find((command) => command.name() === name);
        if (next === undefined) {
          const near = closestName(name, known);
          const advice = near === undefined ? "haps --help lists the commands" : `did you mean "${near}"?`;
          throw new UsageError(`help: unknown command ${JSON.stringify(name)}; ${advice}`);
        }
        found = next;
      }
      found.outputHelp();
    });
}

const JSON_OPTION = ["--json", "print one JSON value and nothing else on standard output"] as const;

const runsOption = (): Option => new Option("--runs <folder>", "where runs are kept").default(".haps");

const costOption = (): Option =>
  new Option("--cost-from <field>", "which field of an outcome file is its cost").choices([
    "cost",
    "tokens",
    "latency",
  ]);

function addData(program: Command, terminal: Terminal, onOutcome: Outcome): void {
  const data = program.command("data").description("look at recorded outcomes: list, check, show");
  data
    .command("list")
    .description("which sets can be read, and which are here")
    .option(...JSON_OPTION)
    .action((options: DataOptions) => dataList(terminal, options));
  data
    .command("check")
    .description("find what is wrong with a set, an experiment's table or a file")
    .argument("<target>", "a set, an experiment, or a .jsonl or .csv file")
    .addOption(costOption())
    .option(...JSON_OPTION)
    .action(async (target: string, options: DataOptions) => onOutcome(await dataCheck(terminal, target, options)));
  data
    .command("show")
    .description("what a set, an experiment's table or a file holds")
    .argument("<target>", "a set, an experiment, or a .jsonl or .csv file")
    .addOption(costOption())
    .option(...JSON_OPTION)
    .action((target: string, options: DataOptions) => dataShow(terminal, target, options));
}

function addEvaluate(program: Command, terminal: Terminal): void {
  program
    .command("evaluate")
    .description("compare HAPS with other routers on questions that none of them has seen")
    .argument("[experiment]", "name, folder or config.json of an experiment")
    .option("--outcomes <file>", "outcomes of your own, .jsonl or .csv")
    .addOption(costOption())
    .option("--folds <n>", "outer folds per seed", wholeNumber(2, 20))
    .option("--seeds <n>", "number of seeds", wholeNumber(1, 100), 5)
    .option("--methods <names>", "methods to fit, separated by commas", names)
    .option("--ablations", "also HAPS with parts left out")
    .option("--permute <n>", "also the null experiment, with texts permuted n times", wholeNumber(1, 1000))
    .option("--router <file>", "a router module of your own")
    .option("--workers <n>", "processes that fit; 0: none but this one (default: one per core)", wholeNumber(0, 64))
    .option("--fresh", "forget the fits that are kept from earlier")
    .addOption(runsOption())
    .option(...JSON_OPTION)
    .action((experiment: string | undefined, options: EvaluateOptions) => evaluate(terminal, experiment, options));
}

function addTrain(program: Command, terminal: Terminal): void {
  program
    .command("train")
    .description("train HAPS on all outcomes and keep the router")
    .argument("[experiment]", "name, folder or config.json of an experiment")
    .option("--outcomes <file>", "outcomes of your own, .jsonl or .csv")
    .addOption(costOption())
    .option("--out <folder>", "where to keep it (default: in the runs folder)")
    .option("--resume", "go on with a training that was stopped or killed")
    .option("--fresh", "forget a training that is there and start anew")
    .option("--seed <n>", "seed", wholeNumber(0, 2 ** 31 - 1), 1)
    .option("--checkpoint-every <n>", "steps between checkpoints", wholeNumber(1, 1_000_000), 50)
    .addOption(runsOption())
    .option(...JSON_OPTION)
    .action((experiment: string | undefined, options: TrainOptions) => train(terminal, experiment, options));
}

function addGenerate(program: Command, terminal: Terminal): void {
  program
    .command("generate")
    .description("continue a prompt with a language model of your own, from a Hugging Face folder")
    .argument("<prompt>", "text of the prompt, or - to read it from standard input")
    .requiredOption("--model <folder>", "folder with config.json, tokenizer.json and safetensors")
    .option("--max-tokens <n>", "most tokens to generate", wholeNumber(1, 1_000_000), 256)
    .option("--temperature <x>", "0: always the likeliest token; 1: as the model says", nonNegative, 0)
    .option("--top-k <n>", "sample among the n likeliest tokens", wholeNumber(1, 2 ** 31 - 1))
    .option("--top-p <x>", "sample among the likeliest tokens that make up this share", share)
    .option("--seed <n>", "seed of the sampling", wholeNumber(0, 2 ** 31 - 1), 1)
    .option("--stop <text>", "end before this text; may be given several times", stopTexts)
    .option("--system <text>", "system message in front of the prompt")
    .option("--raw", "give the prompt as it is, without the chat template")
    .option("--lora <folder>", "adapter of Hugging Face PEFT to run with")
    .option(...JSON_OPTION)
    .action((prompt: string, options: GenerateOptions) => generate(terminal, prompt, options));
}

function addLive(program: Command, terminal: Terminal): void {
  program
    .command("experiment")
    .description(
      "run a study of live language models: train every method with every seed, compare them, write a report",
    )
    .argument("<study>", "name of a study, or a .json file of your own")
    .option("--seeds <n>", "number of seeds", wholeNumber(1, 100), 5)
    .option("--methods <names>", "methods to run, separated by commas; default: all of the study", names)
    .option("--workers <n>", "processes that train; 0: none but this one (default: one per core)", wholeNumber(0, 64))
    .option("--pool <folder>", "models to play; default: those that come with the command")
    .option("--pool-seed <n>", "seed of the pool that comes with the command", wholeNumber(1, 1000), 1)
    .addOption(runsOption())
    .option(...JSON_OPTION)
    .action((study: string, options: ExperimentOptions) => experiment(terminal, study, options));
  program
    .command("trace")
    .description("play one question with a trained method of a study and print what happened")
    .argument("<folder>", "folder of the study's run")
    .argument("<question>", "number on test, id, or a question of your own")
    .option("--method <name>", "live method of the study", "haps")
    .option("--seed <n>", "seed it was trained with", wholeNumber(0, 2 ** 31 - 1), 1)
    .option("--no-lora", "leave generated weights out")
    .option("--prompts", "print every prompt too")
    .option(...JSON_OPTION)
    .action((folder: string, question: string, options: TraceOptions) => trace(terminal, folder, question, options));
}

function addPretrain(program: Command, terminal: Terminal): void {
  program
    .command("pretrain")
    .description("train the embedded pool's language models from scratch, as those that come with the command were")
    .argument("[models...]", "models by their ids; default: all of the pool")
    .addOption(
      new Option("--benchmark <name>", "the questions that the pool is trained on")
        .choices([...POOL_BENCHMARKS])
        .default("hop"),
    )
    .option("--pool-seed <n>", "seed of the pool: other initial weights and texts", wholeNumber(1, 1000), 1)
    .option("--out <folder>", "where models and their runs go", "runs/pool")
    .option("--fresh", "forget a training that is there and start anew")
    .action((models: readonly string[], options: PretrainOptions) => pretrain(terminal, models, options));
}

function addRest(program: Command, terminal: Terminal, onOutcome: Outcome): void {
  program
    .command("route")
    .description("route one question with a trained router")
    .argument("<folder>", "folder of a checkpoint or of the training that made it")
    .argument("<question>", "text of the question, or - to read it from standard input")
    .option("--cost-weight <x>", "weight of cost against quality, 0 or more", nonNegative, 0)
    .option(...JSON_OPTION)
    .action((folder: string, question: string, options: RouteOptions) => route(terminal, folder, question, options));
  program
    .command("report")
    .description("write the HTML report of a finished evaluation")
    .argument("<folder>", "folder of an evaluation's run or result")
    .option("--out <file>", "where to write it (default: report.html beside the result)")
    .option(...JSON_OPTION)
    .action((folder: string, options: ReportOptions) => report(terminal, folder, options));
  program
    .command("doctor")
    .description("look at everything the other commands need")
    .addOption(runsOption())
    .option(...JSON_OPTION)
    .action(async (options: DoctorOptions) => onOutcome(await doctor(terminal, options)));
  program
    .command("demo")
    .description("train, compare and play in one go: what npm start shows")
    .option("--logged", "on recorded outcomes of large language models, in place of small ones that play live")
    .option("--seeds <n>", "number of seeds, with --logged", wholeNumber(1, 100), 1)
    .option("--workers <n>", "processes that train; 0: none but this one (default: one per core)", wholeNumber(0, 64))
    .addOption(runsOption())
    .option(...JSON_OPTION)
    .action((options: DemoOptions) => demo(terminal, options));
}

function wholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`expected a whole number from ${minimum} to ${maximum}`);
  };
}

function nonNegative(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError("expected a number of 0 or more");
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 1) return value;
  throw new InvalidArgumentError("expected a number above 0 and at most 1");
}

function stopTexts(text: string, before: readonly string[] = []): readonly string[] {
  if (text !== "") return [...before, text];
  throw new InvalidArgumentError("expected a text of at least one character");
}

function names(text: string): string[] {
  const listed = text.split(",").map((name) => name.trim());
  if (listed.every((name) => name !== "")) return listed;
  throw new InvalidArgumentError("expected names separated by commas");
}
