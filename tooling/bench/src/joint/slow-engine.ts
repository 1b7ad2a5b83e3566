import {
  type CompletionItem,
  completionGradient,
  createTensorEngine,
  type LanguageModel,
  type TextTokenizer,
} from "@haps/language-model";
import type {
  CandidateId,
  Generation,
  GenerationCall,
  GradientEngine,
  GradientItem,
  LoraGradients,
  LoraWeights,
  Settled,
} from "@haps/spec";
import { releasedGradient } from "../language-model/released-gradient.ts";
import { createMergedModel } from "./merged-model.ts";
import { factorsFromSplit, splitFactors } from "./split-factors.ts";

/** Which of the things that make training quick are switched off. */
export interface SlowEngineSwitches {
  /** `full`: whole sequences through all layers on the tape; `steps`: token by token with gradients on. Default `tail`. */
  readonly gradient?: "tail" | "full" | "steps";
  /** `merged`: a dense W + ΔW for each sample, so that only calls of equal weights go together. Default `factors`. */
  readonly weights?: "factors" | "merged";
  /** `alone`: one call after another, to generate and to differentiate. Default `together`. */
  readonly calls?: "together" | "alone";
}

/** What {@link createSlowEngine} needs. */
export interface SlowEngineOptions extends SlowEngineSwitches {
  readonly candidate: CandidateId;
  /** Borrowed. */
  readonly model: LanguageModel;
  readonly tokenizer?: TextTokenizer;
}

const MAX_BATCH = 64;

/**
 * An engine that comes to the same numbers as a tensor engine more slowly, to measure what each of its ways saves.
 *
 * With `merged` the kernel is replaced before each group of calls of equal weights; the gradient is that of the factors through the
 * merged kernel, without the dense gradient that the authors' code forms on the way, which favours it.
 */
export function createSlowEngine(options: SlowEngineOptions): GradientEngine {
  const { candidate, model, tokenizer, gradient = "tail", weights = "factors", calls = "together" } = options;
  const merged = weights === "merged" ? createMergedModel(model) : undefined;
  const playing = merged?.model ?? model;
  const inner = createTensorEngine({
    candidate,
    model: playing,
    maxBatch: MAX_BATCH,
    ...(tokenizer === undefined ? {} : { tokenizer }),
  });
  const groupsOf = <Part extends { readonly lora?: LoraWeights }>(parts: readonly Part[]) =>
    groupParts(parts, { alone: calls === "alone", byWeights: merged !== undefined });
  const generate = async (asked: readonly GenerationCall[]): Promise<readonly Settled<Generation>[]> => {
    const settled = new Array<Settled<Generation>>(asked.length);
    for (const group of groupsOf(asked)) {
      merged?.use(group[0]?.part.lora);
      const given = group.map(({ part: { lora, ...call } }) =>
        merged === undefined && lora !== undefined ? { ...call, lora } : call,
      );
      const answers = await inner.generate(given);
      group.forEach(({ index }, place) => {
        settled[index] = answers[place] as Settled<Generation>;
      });
    }
    return settled;
  };
  const differentiate = (items: readonly GradientItem[]): LoraGradients => {
    const logLikelihoods = new Array<number>(items.length);
    const gradients = new Array<LoraWeights>(items.length);
    for (const group of groupsOf(items)) {
      const [first] = group;
      merged?.use(first?.part.lora);
      const split = merged === undefined || first === undefined ? undefined : splitFactors(first.part.lora);
      const completions = group.map(
        ({ part: { call, ...item } }): CompletionItem => ({
          ...item,
          promptTokens: call.promptTokens,
          tokens: call.tokens,
          ...(split === undefined ? {} : { lora: split }),
        }),
      );
      const found = gradientsOf(playing, completions, gradient);
      group.forEach(({ index, part }, place) => {
        const slopes = found.gradients[place] as LoraWeights;
        logLikelihoods[index] = found.logLikelihoods[place] as number;
        gradients[index] = split === undefined ? slopes : factorsFromSplit(slopes, part.lora);
      });
    }
    return { logLikelihoods, gradients };
  };
  return {
    candidate,
    capabilities: inner.capabilities,
    generate,
    loraGradient: async (items) => differentiate(items),
    async dispose() {
      await inner.dispose();
      merged?.model.dispose();
    },
  };
}

function gradientsOf(
  model: LanguageModel,
  items: readonly CompletionItem[],
  gradient: "tail" | "full" | "steps",
): LoraGradients {
  if (gradient !== "steps") return completionGradient(model, items, { mode: gradient });
  const found = items.map((item) => releasedGradient(model, item));
  return {
    logLikelihoods: found.flatMap(({ logLikelihoods }) => logLikelihoods),
    gradients: found.flatMap(({ gradients }) => gradients),
  };
}

interface Placed<Part> {
  readonly part: Part;
  readonly index: number;
}

/** Parts that are worked on together. */
function groupParts<Part extends { readonly lora?: LoraWeights }>(
  parts: readonly Part[],
  { alone, byWeights }: { readonly alone: boolean; readonly byWeights: boolean },
): readonly (readonly Placed<Part>[])[] {
  const groups = new Map<unknown, Placed<Part>[]>();
  parts.forEach((part, index) => {
    const key = alone ? index : byWeights ? part.lora : undefined;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push({ part, index });
  });
  return [...groups.values()];
}
