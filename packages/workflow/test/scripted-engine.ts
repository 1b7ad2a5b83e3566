import { setTimeout } from "node:timers/promises";
import type { Abortable, Engine, Generation, GenerationCall, Prompt, Settled } from "@haps/spec";

/** What a scripted engine says to a call; an Error fails that call alone. */
export type Rule = (prompt: string, call: GenerationCall) => string | Error;

export interface ScriptedEngineOptions {
  readonly candidate: string;
  readonly rule: Rule;
  readonly lora?: Engine["capabilities"]["lora"];
  /** Milliseconds before it answers, by the count of batches so far. */
  readonly delay?: (batch: number) => number;
}

export interface ScriptedEngine extends Engine {
  /** Every batch that it was handed. */
  readonly batches: (readonly GenerationCall[])[];
}

/** An engine whose tokens are the code points of its texts. */
export function createScriptedEngine(options: ScriptedEngineOptions): ScriptedEngine {
  const { candidate, rule, lora = "per-call", delay } = options;
  const batches: (readonly GenerationCall[])[] = [];
  return {
    candidate,
    batches,
    capabilities: { lora, tokenLogProbs: true, gradients: false, seed: true, stream: false },
    async generate(calls, { signal }: Abortable = {}) {
      batches.push(calls);
      if (delay !== undefined)
        await setTimeout(delay(batches.length), undefined, signal === undefined ? {} : { signal });
      return calls.map((call): Settled<Generation> => {
        const prompt = textOf(call.prompt);
        const text = rule(prompt, call);
        if (text instanceof Error) return { ok: false, failure: { code: "data", message: text.message, error: text } };
        const tokens = codes(text);
        const logProbs = { full: tokens.map(() => -0.5), sampled: tokens.map(() => -0.25) };
        return { ok: true, value: { text, promptTokens: codes(prompt), tokens, logProbs, finishReason: "eos" } };
      });
    },
    dispose: async () => undefined,
  };
}

/** The text of a prompt, its single message included. */
export function textOf(prompt: Prompt): string {
  if ("text" in prompt) return prompt.text;
  return "messages" in prompt ? prompt.messages.map(({ content }) => content).join("\n") : "";
}

function codes(text: string): readonly number[] {
  return [...text].map((character) => character.codePointAt(0) as number);
}
