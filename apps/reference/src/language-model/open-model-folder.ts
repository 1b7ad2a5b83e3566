import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  assertTokenizerFits,
  createGenerator,
  type LanguageModel,
  loadLanguageModel,
  loadTokenizer,
  type TextGenerator,
  type TextTokenizer,
} from "@haps/language-model";
import { loadBackend } from "@haps/tensor";
import { createProgress, type Progress } from "../terminal/progress.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";

/** A language model from a folder, ready to answer. */
export interface OpenedModel {
  readonly model: LanguageModel;
  readonly tokenizer: TextTokenizer;
  readonly generator: TextGenerator;
  /** Name of the tfjs backend that computes. */
  readonly backend: string;
  readonly loadMilliseconds: number;
  dispose(): void;
}

/**
 * Loads a model and its tokenizer from a Hugging Face folder, with progress in bytes on standard error.
 *
 * @throws UsageError where there is no such folder; errors of `loadTokenizer` and `loadLanguageModel`.
 */
export async function openModelFolder(terminal: Terminal, folder: string): Promise<OpenedModel> {
  assertModelFolder(folder);
  const started = terminal.now();
  const backend = await loadBackend();
  // The tokenizer first: it is small, and without it there is no need to read the weights.
  const tokenizer = await loadTokenizer(folder);
  const progress = byteProgress(terminal);
  try {
    const model = await loadLanguageModel(folder, { onProgress: progress.update, signal: terminal.signal });
    disposeUnless(() => assertTokenizerFits(tokenizer, model.config), model);
    return {
      model,
      tokenizer,
      generator: createGenerator({ model, tokenizer }),
      backend: backend.name,
      loadMilliseconds: terminal.now() - started,
      dispose: () => model.dispose(),
    };
  } finally {
    progress.stop();
  }
}

function disposeUnless(check: () => void, model: LanguageModel): void {
  try {
    check();
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function assertModelFolder(folder: string): void {
  const expected = "a Hugging Face folder with config.json, tokenizer.json and safetensors";
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new UsageError(`--model: no folder at ${folder}; give ${expected}; nothing is downloaded`);
  }
  if (!existsSync(join(folder, "config.json"))) {
    throw new UsageError(`--model: no config.json in ${folder}; expected ${expected}`);
  }
}

const UNITS = ["B", "KiB", "MiB", "GiB"] as const;

/** Progress in the unit that suits the whole. */
function byteProgress(terminal: Terminal) {
  let shown: { readonly progress: Progress; readonly size: number } | undefined;
  return {
    update: ({ bytes, totalBytes }: { readonly bytes: number; readonly totalBytes: number }): void => {
      if (shown === undefined) {
        const unit = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, totalBytes)) / 10));
        const size = 1024 ** unit;
        const total = rounded(totalBytes / size);
        shown = { progress: createProgress(terminal, { label: "loading", total, unit: UNITS[unit] as string }), size };
      }
      shown.progress.update(rounded(bytes / shown.size));
    },
    stop: (): void => shown?.progress.stop(),
  };
}

function rounded(value: number): number {
  return Math.round(10 * value) / 10;
}
