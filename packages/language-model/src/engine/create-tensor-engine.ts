import { setImmediate } from "node:timers/promises";
import {
  type CandidateId,
  ConfigError,
  type EngineCapabilities,
  type Generation,
  type GenerationCall,
  type GradientEngine,
  type GradientItem,
  HapsError,
  type LoraGradients,
  type Settled,
} from "@haps/spec";
import { createGenerator, type TextGenerator } from "../generation/create-generator.ts";
import { gradientSteps } from "../gradient/completion-gradient.ts";
import type { CompletionItem } from "../gradient/completion-item.ts";
import type { LanguageModel } from "../model/language-model.ts";
import type { TextTokenizer } from "../tokenizer/text-tokenizer.ts";
import { createEngineWork } from "./engine-work.ts";

/** What {@link createTensorEngine} needs. */
export interface TensorEngineOptions {
  readonly candidate: CandidateId;
  /** Borrowed until `dispose` has resolved; its weights must not change while a call runs. */
  readonly model: LanguageModel;
  /** Absent: prompts are tokens, texts stay empty and stop texts are refused. */
  readonly tokenizer?: TextTokenizer;
  /** Calls side by side, at least 1: bounds the memory of keys and values. More wait, and join as others end. Default 32. */
  readonly maxBatch?: number;
}

/** Of every tensor engine. */
const CAPABILITIES: EngineCapabilities = {
  lora: "per-call",
  tokenLogProbs: true,
  gradients: true,
  seed: true,
  stream: true,
};
const MAX_BATCH = 32;
/** Calls whose LoRA weights are in memory together. */
const CALLS = 256;

/**
 * Makes an engine that generates in this process and differentiates what it generated.
 *
 * What comes out for a call does not depend on the calls beside it: on wasm bit for bit. The event loop turns between tokens and
 * between passes of a gradient, so that several operations may be under way at once. `loraGradient` works as
 * {@link completionGradient} does. `dispose` stops what is under way, with code `disposed`, and resolves when nothing uses the model
 * any more; the model stays its owner's.
 *
 * @throws ConfigError for a batch of no calls.
 *
 * @example
 * ```ts
 * const shape = { family: "llama", vocabulary: 16, dim: 4, layers: 1, heads: 2, hidden: 8, context: 32 } as const;
 * const model = createLanguageModel({ ...shape, rng: createRng(1) });
 * const engine = createTensorEngine({ candidate: "tiny", model });
 * const target = { layer: 0, projection: "o", in: 4, out: 4, rank: 1 } as const;
 * const lora = { id: "a", targets: [{ target, down: new Float32Array(4).fill(1), up: new Float32Array(4) }], scale: 1 };
 * const [settled] = await engine.generate([{ prompt: { tokens: [1, 2] }, decoding: { maxTokens: 3 }, seed: 1, lora }]);
 * if (settled?.ok) {
 *   const call = { role: "answerer", candidate: "tiny", ...settled.value };
 *   const { gradients } = await engine.loraGradient([{ call, lora, weight: 1 }]);
 *   console.assert(gradients[0]?.targets[0]?.up.length === 4);
 * }
 * await engine.dispose();
 * model.dispose();
 * ```
 */
export function createTensorEngine(options: TensorEngineOptions): GradientEngine {
  const { candidate, model, tokenizer, maxBatch = MAX_BATCH } = options;
  if (!Number.isSafeInteger(maxBatch) || maxBatch < 1) {
    const message = `${maxBatch} is not a whole number from 1`;
    throw new ConfigError("createTensorEngine", [{ path: "maxBatch", message }]);
  }
  const generator = createGenerator({ model, maxBatch, ...(tokenizer === undefined ? {} : { tokenizer }) });
  const work = createEngineWork(candidate);
  return {
    candidate,
    capabilities: CAPABILITIES,
    generate: (calls, { signal } = {}) => work.run((own) => generateAll(generator, calls, own), signal),
    stream: (call, { signal } = {}) => work.stream((own) => generator.stream(call, { signal: own }), signal),
    loraGradient: (items, { signal } = {}) => work.run((own) => differentiate(candidate, model, items, own), signal),
    dispose: () => work.end(),
  };
}

async function generateAll(
  generator: TextGenerator,
  calls: readonly GenerationCall[],
  signal: AbortSignal,
): Promise<readonly Settled<Generation>[]> {
  const settled: Settled<Generation>[] = [];
  // Once for no calls too: a signal that has fired is heard.
  for (let from = 0; from === 0 || from < calls.length; from += CALLS) {
    settled.push(...(await generator.generate(calls.slice(from, from + CALLS), { signal })));
  }
  return settled;
}

async function differentiate(
  candidate: CandidateId,
  model: LanguageModel,
  items: readonly GradientItem[],
  signal: AbortSignal,
): Promise<LoraGradients> {
  const completions = items.map(({ call, ...item }, index): CompletionItem => {
    if (call.candidate === candidate) return { ...item, promptTokens: call.promptTokens, tokens: call.tokens };
    throw new HapsError(
      "unknown-candidate",
      `engine of ${JSON.stringify(candidate)}: item ${index} is a call of ${JSON.stringify(call.candidate)}; ask the engine that made it`,
      { item: index, candidate: call.candidate },
    );
  });
  const steps = gradientSteps(model, completions);
  for (;;) {
    if (signal.aborted) {
      const message = `engine of ${JSON.stringify(candidate)}: the gradient was aborted by its signal`;
      throw new HapsError("aborted", message, { candidate }, { cause: signal.reason });
    }
    const step = steps.next();
    if (step.done === true) return step.value;
    await setImmediate();
  }
}
