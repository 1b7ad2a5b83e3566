import { decodeTokens, type LanguageModel, type TokenEvent } from "@haps/language-model";
import type { LoraWeights } from "@haps/spec";
import { benchTokens } from "./bench-model.ts";

/** What is decoded. */
export interface DecodeRunOptions {
  /** Sequences side by side. */
  readonly batch: number;
  /** Tokens of each prompt. */
  readonly prompt: number;
  /** Steps that {@link DecodeRun.steps} takes, greedy. */
  readonly steps: number;
  /** Weights of each sequence, by its number. */
  readonly lora?: (sequence: number) => LoraWeights;
}

/** Sequences whose prompts have been read, so that steps can be timed by themselves. */
export interface DecodeRun {
  /** Reads the prompts and samples one token each. */
  prefill(): Promise<void>;
  /** Takes the steps that are left. */
  steps(): Promise<void>;
}

/** Decodes sequences of random tokens; each use is one prefill and then the steps. */
export function decodeRun(model: LanguageModel, options: DecodeRunOptions): DecodeRun {
  const { batch, prompt, steps, lora } = options;
  const requests = Array.from({ length: batch }, (_, sequence) => ({
    prompt: benchTokens(`prompt ${sequence}`, prompt),
    decoding: { maxTokens: steps + 1 },
    seed: sequence,
    ...(lora === undefined ? {} : { lora: lora(sequence) }),
  }));
  let events: AsyncGenerator<readonly TokenEvent[], void> | undefined;
  return {
    async prefill() {
      events = decodeTokens(model, requests, { prefillRows: 1 << 20 });
      await events.next();
    },
    async steps() {
      let count = 0;
      for await (const step of events ?? []) count += step.length;
      if (count !== batch * steps) throw new Error(`decoded ${count} tokens, expected ${batch * steps}`);
    },
  };
}
