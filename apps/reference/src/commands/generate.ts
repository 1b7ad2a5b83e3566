import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { readPeftAdapter } from "@haps/hypernetwork";
import type { TextTokenizer } from "@haps/language-model";
import {
  type ChatMessage,
  type Generation,
  type GenerationCall,
  HapsError,
  type LoraWeights,
  type Prompt,
} from "@haps/spec";
import { Interrupted } from "../interrupted.ts";
import { type OpenedModel, openModelFolder } from "../language-model/open-model-folder.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { visibleText } from "../terminal/visible-text.ts";
import { UsageError } from "../usage-error.ts";
import { printJson } from "./json-output.ts";

/** Options of `haps generate`. */
export interface GenerateOptions {
  readonly model: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly seed: number;
  readonly stop?: readonly string[];
  readonly system?: string;
  readonly raw?: boolean;
  readonly lora?: string;
  readonly json?: boolean;
}

/** Continues a prompt with a model from a folder; text goes to standard output as it comes, on a terminal without control characters. */
export async function generate(terminal: Terminal, prompt: string, options: GenerateOptions): Promise<void> {
  const text = prompt === "-" ? readFileSync(0, "utf8") : prompt;
  if (text.trim() === "") {
    throw new UsageError("the prompt is blank; give its text, or - to read it from standard input");
  }
  if (options.raw === true && options.system !== undefined) {
    throw new UsageError("--raw and --system exclude each other: without a chat template there is no system turn");
  }
  noteIdleOptions(terminal, options);
  try {
    const lora = await readLora(terminal, options.lora);
    const opened = await openModelFolder(terminal, resolve(terminal.cwd, options.model));
    try {
      const call = callOf(promptOf(terminal, opened, text, options), lora, options);
      await answer(terminal, opened, call, options);
    } finally {
      opened.dispose();
    }
  } catch (error) {
    if (terminal.signal.aborted) throw new Interrupted();
    throw error;
  }
}

function noteIdleOptions(terminal: Terminal, { temperature, topK, topP }: GenerateOptions): void {
  if (temperature > 0 || (topK === undefined && topP === undefined)) return;
  terminal.note("note: at --temperature 0 the likeliest token is taken; --top-k and --top-p change nothing\n");
}

async function readLora(terminal: Terminal, lora: string | undefined): Promise<LoraWeights | undefined> {
  if (lora === undefined) return undefined;
  const folder = resolve(terminal.cwd, lora);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new UsageError(
      `--lora: no folder at ${folder}; give one with adapter_config.json and adapter_model.safetensors`,
    );
  }
  return readPeftAdapter(folder, { id: basename(folder) });
}

/** A turn for the chat template where there is one, else the text as it is. */
function promptOf(terminal: Terminal, { tokenizer }: OpenedModel, text: string, options: GenerateOptions): Prompt {
  if (options.raw === true) return { text };
  const system = options.system === undefined ? [] : [{ role: "system" as const, content: options.system }];
  const messages: readonly ChatMessage[] = [...system, { role: "user", content: text }];
  if (canRender(tokenizer, messages)) return { messages };
  if (options.system !== undefined) {
    throw new UsageError("--system: this model has no chat template; write everything into the prompt");
  }
  terminal.note("note: this model has no chat template; it continues the prompt as it is, as with --raw\n");
  return { text };
}

function canRender(tokenizer: TextTokenizer, messages: readonly ChatMessage[]): boolean {
  try {
    tokenizer.renderChat(messages);
    return true;
  } catch (error) {
    // The code of a missing template; a template that refuses the messages has another one.
    if (HapsError.isInstance(error) && error.code === "state") return false;
    throw error;
  }
}

function callOf(prompt: Prompt, lora: LoraWeights | undefined, options: GenerateOptions): GenerationCall {
  const { maxTokens, temperature, topK, topP, stop, seed } = options;
  return {
    prompt,
    decoding: {
      maxTokens,
      temperature,
      ...(topK === undefined ? {} : { topK }),
      ...(topP === undefined ? {} : { topP }),
      ...(stop === undefined ? {} : { stop }),
    },
    seed,
    ...(lora === undefined ? {} : { lora }),
  };
}

/** Times of a generation, in milliseconds since 1970. */
interface Times {
  readonly started: number;
  /** When the first token had come: before it the prompt is read. */
  readonly first: number;
  readonly ended: number;
}

async function answer(
  terminal: Terminal,
  opened: OpenedModel,
  call: GenerationCall,
  { json = false }: GenerateOptions,
): Promise<void> {
  const { generator, loadMilliseconds, backend } = opened;
  const started = terminal.now();
  let first: number | undefined;
  let generation: Generation | undefined;
  let count = 0;
  let last = "";
  const write = (text: string): void => {
    if (json || text === "") return;
    terminal.out(terminal.shown ? visibleText(text) : text);
    last = text;
  };
  try {
    for await (const chunk of generator.stream(call, { signal: terminal.signal })) {
      first ??= terminal.now();
      count += chunk.tokens.length;
      write(chunk.text);
      generation = chunk.generation;
    }
  } catch (error) {
    if (terminal.signal.aborted) terminal.note(`${last === "" ? "" : "\n"}stopped after ${counted(count)}\n`);
    throw error;
  }
  if (generation === undefined) throw new Error("internal: the generation has no end");
  if (!last.endsWith("\n")) write("\n");
  const times = { started, first: first ?? started, ended: terminal.now() };
  const rate = tokensPerSecond(count, times);
  terminal.note(`${counted(count)}, ${rate.toFixed(1)} tokens/s, ended by ${ENDINGS[generation.finishReason]}\n`);
  if (json) printJson(terminal, { ...generation, timings: timingsOf(times, loadMilliseconds, rate), backend });
}

function counted(tokens: number): string {
  return `${tokens} ${tokens === 1 ? "token" : "tokens"}`;
}

const ENDINGS: Readonly<Record<Generation["finishReason"], string>> = {
  eos: "an end token (eos)",
  stop: "a stop text (stop)",
  length: "the limit of tokens or the context (length)",
};

/** Tokens after the first over the time after it; of a single token the time of everything. */
function tokensPerSecond(count: number, { started, first, ended }: Times): number {
  // The clock counts whole milliseconds.
  const since = (from: number): number => Math.max(1, ended - from) / 1000;
  return count > 1 ? (count - 1) / since(first) : count / since(started);
}

function timingsOf({ started, first, ended }: Times, loadMilliseconds: number, rate: number): object {
  return {
    loadSeconds: loadMilliseconds / 1000,
    firstTokenSeconds: (first - started) / 1000,
    totalSeconds: (ended - started) / 1000,
    tokensPerSecond: rate,
  };
}
