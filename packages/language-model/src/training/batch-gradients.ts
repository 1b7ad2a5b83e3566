import type { Gradients } from "@haps/tensor";
import { lossAndGradients } from "@haps/tensor";
import type { LanguageModel } from "../model/language-model.ts";
import { nextTokenLoss } from "./next-token-loss.ts";
import { countedTokens, type TrainingSequence } from "./training-sequence.ts";

/** Loss and gradients of a batch as numbers. */
export interface BatchGradients {
  /** Mean over the tokens that count. */
  readonly loss: number;
  readonly gradients: Gradients;
  /** Tokens that count. */
  readonly tokens: number;
  /** Passes that it took. */
  readonly passes: number;
}

/**
 * Gradients of {@link nextTokenLoss} of a whole batch, in passes of at most `microBatchTokens` tokens.
 *
 * `∇L = Σ_p (N_p / N) ∇L_p`: passes weigh by the tokens that count in them, so that the sum is the gradient of the whole batch.
 */
export function batchGradients(
  model: LanguageModel,
  sequences: readonly TrainingSequence[],
  microBatchTokens: number | undefined,
  step: number,
): BatchGradients {
  const passes = splitBatch(sequences, microBatchTokens);
  const counts = passes.map((pass) => pass.reduce((sum, sequence) => sum + countedTokens(sequence), 0));
  const tokens = counts.reduce((sum, count) => sum + count, 0);
  const of = (pass: readonly TrainingSequence[]) =>
    lossAndGradients(model.variables, () => nextTokenLoss(model, pass), step);
  if (passes.length === 1) return { ...of(passes[0] as readonly TrainingSequence[]), tokens, passes: 1 };
  const sums = new Map<string, Float32Array>();
  let loss = 0;
  passes.forEach((pass, index) => {
    const share = (counts[index] as number) / tokens;
    const part = of(pass);
    loss += share * part.loss;
    for (const [name, gradient] of part.gradients) {
      const sum = sums.get(name) ?? new Float32Array(gradient.length);
      addScaled(sum, gradient, share);
      sums.set(name, sum);
    }
  });
  return { loss, gradients: sums, tokens, passes: passes.length };
}

/** Groups of whole sequences, in order; one longer than the limit goes alone, one without a token that counts is left out. */
function splitBatch(
  sequences: readonly TrainingSequence[],
  limit: number = Number.POSITIVE_INFINITY,
): readonly (readonly TrainingSequence[])[] {
  if (limit === Number.POSITIVE_INFINITY) return [sequences];
  const passes: TrainingSequence[][] = [];
  let room = 0;
  for (const sequence of sequences) {
    if (countedTokens(sequence) === 0) continue;
    const { length } = sequence.tokens;
    if (length > room || passes.length === 0) {
      passes.push([]);
      room = limit;
    }
    passes.at(-1)?.push(sequence);
    room -= length;
  }
  return passes.length === 0 ? [sequences] : passes;
}

function addScaled(sum: Float32Array, values: Float32Array, factor: number): void {
  for (let index = 0; index < sum.length; index += 1) {
    sum[index] = (sum[index] as number) + factor * (values[index] as number);
  }
}
