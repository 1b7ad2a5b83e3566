import type { TestRunner } from "./describe-router-contract.ts";
import { engineLoraPromises } from "./engine-lora-promises.ts";
import { enginePromises } from "./engine-promises.ts";
import type { EngineContractOptions } from "./engine-subject.ts";

/**
 * Declares one test per promise of `Engine` and `GradientEngine` that an engine with these capabilities makes; the runner is passed in.
 *
 * Calls: one entry each in order, failures that stand alone, calls left untouched, seeds, log-probabilities. Streams: the same as
 * generated, left early. Life: abortion before and meanwhile, disposal. LoRA: each call its own, refused where there is none, and
 * gradients that agree with a difference along them and can be aborted.
 *
 * Every test makes its own engine and disposes it. Tests on tensors set their backend beforehand.
 *
 * @param name - Heads the suite.
 *
 * @example
 * ```ts
 * function createEcho(): Engine {
 *   let isAlive = true;
 *   return {
 *     candidate: "echo",
 *     capabilities,
 *     generate: async (calls, options = {}) => {
 *       if (!isAlive) throw new HapsError("disposed", "echo: used after dispose");
 *       await Promise.resolve();
 *       if (options.signal?.aborted) throw new HapsError("aborted", "echo: aborted by its signal");
 *       return calls.map(({ prompt, lora }) => {
 *         const tokens = "tokens" in prompt && lora === undefined ? prompt.tokens : [];
 *         const error = new HapsError("data", "echo: it repeats tokens, without LoRA weights");
 *         if (tokens.length === 0) return { ok: false, failure: { code: error.code, message: error.message, error } };
 *         return { ok: true, value: { text: "", promptTokens: tokens, tokens, finishReason: "eos" } };
 *       });
 *     },
 *     dispose: async () => void (isAlive = false),
 *   };
 * }
 * const capabilities: EngineCapabilities = { lora: "none", tokenLogProbs: false, gradients: false, seed: true, stream: false };
 * const call = (...tokens: number[]): GenerationCall => ({ prompt: { tokens }, decoding: { maxTokens: 4 }, seed: 1 });
 * const results: Promise<void>[] = [];
 * // With Vitest, Jest or node:test: pass their { describe, it } instead.
 * const runner = { describe: (_: string, body: () => void) => body(), it: (_: string, body: () => Promise<void>) => results.push(body()) };
 * const calls = [call(1, 2), call(3), call(4, 5, 6)];
 * describeEngineContract(runner, "echo", { create: createEcho, capabilities, calls, badCall: call() });
 * await Promise.all(results);
 * ```
 */
export function describeEngineContract(runner: TestRunner, name: string, options: EngineContractOptions): void {
  runner.describe(`engine contract: ${name}`, () => {
    for (const promise of [...enginePromises, ...engineLoraPromises]) {
      if (promise.applies?.(options) === false) continue;
      runner.it(promise.name, async () => {
        const engine = await options.create();
        try {
          await promise.check(options, engine);
        } finally {
          await engine.dispose();
        }
      });
    }
  });
}
