import { resolve } from "node:path";
import type { LabelledQuestion } from "@haps/spec";
import { loadBackend } from "@haps/tensor";
import { formatTrace } from "@haps/workflow";
import { ownQuestion, unknownWords } from "../live/own-question.ts";
import { playQuestions } from "../study/play-questions.ts";
import { trainUnit } from "../study/run-live-unit.ts";
import { openStudy, type StudyContext } from "../study/study-context.ts";
import { readStudyPlace } from "../study/study-place-file.ts";
import { readUnit } from "../study/unit-records.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";
import { printJson } from "./json-output.ts";

/** Options of `haps trace`. */
export interface TraceOptions {
  readonly method: string;
  readonly seed: number;
  /** `false` plays the candidates as they are. */
  readonly lora: boolean;
  readonly prompts?: boolean;
  readonly json?: boolean;
}

/** Plays one question with a trained method of a study and prints what happened. */
export async function trace(
  terminal: Terminal,
  folder: string,
  question: string,
  options: TraceOptions,
): Promise<void> {
  const place = await readStudyPlace(resolve(terminal.cwd, folder));
  const unit = { method: options.method, seed: options.seed };
  if (!Object.hasOwn(place.config.methods, options.method)) {
    const methods = Object.keys(place.config.methods).join(", ");
    throw new UsageError(`the study has no live method "${options.method}"; its live methods: ${methods}`);
  }
  const record = await readUnit(place.folder, unit);
  if (record === null) {
    throw new UsageError(`${options.method} with seed ${options.seed} has not finished; run the study first`);
  }
  await loadBackend();
  const context = await openStudy(place, terminal.signal);
  try {
    const asked = findQuestion(context, question);
    noteUnknownWords(terminal, context, asked.text);
    const trained = await trainUnit(context, unit, { signal: terminal.signal }, record.draw);
    try {
      const [played] = await playQuestions(context.setting, trained, [asked], {
        withLora: options.lora,
        signal: terminal.signal,
      });
      if (played === undefined) throw new Error("internal: nothing was played");
      if (options.json === true) return printJson(terminal, played);
      const { answer: gold } = asked.gold;
      const shown = { question: asked.text, prompts: options.prompts === true, ...(gold === "" ? {} : { gold }) };
      terminal.out(`${formatTrace(played.trace, shown)}\n`);
    } finally {
      trained.dispose();
    }
  } finally {
    await context.dispose();
  }
}

/** By id, by its number on test from 1, or a question of one's own. */
function findQuestion({ setting }: StudyContext, question: string): LabelledQuestion {
  const { splits } = setting.benchmark;
  const known = Object.values(splits)
    .flat()
    .find((item) => item.question.id === question);
  if (known !== undefined) return known.question;
  const number = /^\d+$/u.test(question) ? Number(question) : 0;
  const numbered = splits.test[number - 1];
  if (numbered !== undefined) return numbered.question;
  if (number > 0)
    throw new UsageError(`there is no question ${number}; give 1 to ${splits.test.length}, an id, or a text`);
  if (question.trim() === "") throw new UsageError("the question is blank; give its text, its id or its number");
  return ownQuestion(question);
}

/** Small models know few words. */
export function noteUnknownWords(terminal: Terminal, { setting }: StudyContext, text: string): void {
  const unknown = unknownWords(text, setting.pool.tokenizer);
  if (unknown.length === 0) return;
  terminal.note(`note: the pool has never read ${unknown.map((word) => `"${word}"`).join(", ")}\n`);
}
