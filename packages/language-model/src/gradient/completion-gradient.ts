import { HapsError, type LoraGradients, type LoraWeights } from "@haps/spec";
import type { LanguageModel } from "../model/language-model.ts";
import { type CompletionItem, checkItems } from "./completion-item.ts";
import { fullPasses } from "./full-passes.ts";
import type { PartGradient } from "./gradient-pass.ts";
import { type GradientTerm, gradientTerms } from "./gradient-term.ts";
import type { TailActivations } from "./tail-activations.ts";
import { CHUNK_ROWS, checkActivations, tailPasses } from "./tail-passes.ts";

/** Options of {@link completionGradient}. */
export interface CompletionGradientOptions {
  /**
   * `tail` (default) differentiates what the LoRA weights change and nothing before it; `full` takes whole sequences through all
   * layers on the tape: the plain way, to compare with.
   */
  readonly mode?: "tail" | "full";
  /** Rows of an item on the tape at once, where rows go one by one; at least 1. Default 64. It changes nothing but the rounding. */
  readonly chunkRows?: number;
  /** Made before by {@link tailActivations} for these items at the cuts of their weights, in their order; `tail` only. */
  readonly activations?: readonly TailActivations[];
}

const OPERATION = "completionGradient";

/**
 * Log-likelihoods of given completions, and their gradients with respect to each item's own LoRA factors.
 *
 * `∇ Σ_i weight_i Σ_t log P(token_t | prompt, tokens before it, lora_i)`, P the softmax over the whole vocabulary at temperature 1,
 * or for items with `likelihood: "sampled"` the one that their decoding leaves: at its temperature, over the tokens that top-k and
 * nucleus keep of the same pass's logits. Which are kept counts as constant, so that one token alone has no gradient. A token that
 * rounding left out, by 1e-3 of its logit and of the mass, joins the others; further outside is an error.
 *
 * Equal tokens under the same object of weights are worked out once, a prompt before the tail once for all its completions; items
 * of weight 0 get their likelihood and no backward pass.
 *
 * Mode `tail` first runs what is before the LoRA weights without a tape ({@link tailCutOf}, {@link tailActivations}), then the rest on
 * one. Where the weights change the last layer only, and none of q, k and v there, rows go one by one: the prompt is not run
 * through that layer and the completion goes in chunks, so that the tensors of a pass are as many for 64 tokens as for 512. With q
 * as well they see all keys before them, which takes `chunkRows` scores per token and head. With k or v, or in more layers, whole
 * sequences stand on the tape and memory grows with them, as in mode `full`.
 *
 * @param items - Any mixture of targets, ranks and lengths; what comes out for one does not depend on the others (on wasm bit for
 *   bit). Weights without targets give the likelihood alone.
 * @returns Plain arrays in the order of the items; nothing to dispose. An empty completion has log-likelihood 0.
 * @throws HapsError code `data`, naming item and position, for tokens that do not fit or that their decoding does not keep; `config`
 *   for a weight that is not finite, a decoding that is missing or wrong, or a bad option; the codes of `checkLora`; `non-finite`
 *   naming item and token; `state` for activations of something else.
 *
 * Source: Eq. 5 of the HAPS paper; `sampled` with nucleus `released` is what the authors' code differentiates, in float64 where that
 * has bfloat16.
 *
 * @example
 * ```ts
 * const shape = { family: "llama", vocabulary: 16, dim: 4, layers: 2, heads: 2, hidden: 8, context: 32 } as const;
 * const model = createLanguageModel({ ...shape, rng: createRng(1) });
 * const target = { layer: 1, projection: "o", in: 4, out: 4, rank: 1 } as const;
 * const factors = { target, down: new Float32Array(4).fill(0.5), up: new Float32Array(4) };
 * const item = { promptTokens: [1, 2], tokens: [3, 4], lora: { id: "a", targets: [factors], scale: 1 }, weight: 1 };
 * const { logLikelihoods, gradients } = completionGradient(model, [item]);
 * console.assert((logLikelihoods[0] ?? 0) < 0 && gradients[0]?.targets[0]?.up.length === 4);
 * model.dispose();
 * ```
 */
export function completionGradient(
  model: LanguageModel,
  items: readonly CompletionItem[],
  options: CompletionGradientOptions = {},
): LoraGradients {
  const steps = gradientSteps(model, items, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** {@link completionGradient} pass by pass, so that an asynchronous caller may let others go on between them. */
export function* gradientSteps(
  model: LanguageModel,
  items: readonly CompletionItem[],
  options: CompletionGradientOptions = {},
): Generator<undefined, LoraGradients> {
  const { mode = "tail", chunkRows = CHUNK_ROWS, activations } = options;
  if (!Number.isSafeInteger(chunkRows) || chunkRows < 1) {
    throw new HapsError("config", `${OPERATION}: chunkRows is ${chunkRows}; expected a whole number from 1`, {
      chunkRows,
    });
  }
  checkItems(OPERATION, items, model.config);
  if (mode === "tail" && activations !== undefined) checkActivations(OPERATION, items, activations, model.config);
  const { terms, termOf } = gradientTerms(OPERATION, items);
  const sums = new Map(terms.map(({ item, lora }) => [item, emptySum(lora)]));
  const passes =
    mode === "full"
      ? fullPasses(OPERATION, model, terms)
      : tailPasses(OPERATION, model, terms, { chunkRows, activations });
  for (const parts of passes) {
    for (const part of parts) addPart(sums.get(part.item) as GradientSum, part);
    yield;
  }
  const sumOf = (index: number): GradientSum => sums.get((termOf[index] as GradientTerm).item) as GradientSum;
  return {
    logLikelihoods: items.map((_, index) => sumOf(index).logLikelihood),
    gradients: items.map(({ lora, weight }, index) => weighted(lora, weight, sumOf(index))),
  };
}

/** Sums over the parts of one item. */
interface GradientSum {
  logLikelihood: number;
  readonly targets: readonly { readonly down: Float64Array; readonly up: Float64Array }[];
}

function emptySum({ targets }: LoraWeights): GradientSum {
  return {
    logLikelihood: 0,
    targets: targets.map(({ down, up }) => ({ down: new Float64Array(down.length), up: new Float64Array(up.length) })),
  };
}

function addPart(sum: GradientSum, part: PartGradient): void {
  sum.logLikelihood += part.logLikelihood;
  sum.targets.forEach((target, index) => {
    for (const factor of ["down", "up"] as const) {
      const values = part.targets[index]?.[factor] ?? new Float32Array(0);
      const total = target[factor];
      for (let place = 0; place < total.length; place += 1) {
        total[place] = (total[place] as number) + (values[place] as number);
      }
    }
  });
}

/** The shapes of the weights, gradients in place of values. */
function weighted(lora: LoraWeights, weight: number, sum: GradientSum): LoraWeights {
  return {
    ...lora,
    targets: lora.targets.map(({ target }, index) => ({
      target,
      down: times(weight, sum.targets[index]?.down),
      up: times(weight, sum.targets[index]?.up),
    })),
  };
}

/** `Float32Array.from` with a function took a tenth of the time of a gradient. */
function times(weight: number, slopes: Float64Array = new Float64Array(0)): Float32Array {
  const result = new Float32Array(slopes.length);
  for (let place = 0; place < result.length; place += 1) result[place] = weight * (slopes[place] as number);
  return result;
}
