import type { CompletionItem, LanguageModel } from "@haps/language-model";
import type { LoraFactors, LoraGradients, LoraWeights } from "@haps/spec";
import { expect } from "vitest";
import { referenceLogits } from "../decoder/reference-decoder.ts";
import { drawTokens, smallLora } from "../decoder/small-models.ts";

/** An item whose tokens and weights come from one seed. */
export function drawItem(
  model: LanguageModel,
  seed: number,
  sizes: { readonly prompt: number; readonly completion: number; readonly weight?: number },
  lora: Parameters<typeof smallLora>[2] = {},
): CompletionItem {
  return {
    promptTokens: drawTokens(model, sizes.prompt, 100 + seed),
    tokens: drawTokens(model, sizes.completion, 200 + seed),
    lora: smallLora(model, 300 + seed, lora),
    weight: sizes.weight ?? 1,
  };
}

/** Log-likelihood in float64, from the oracle's logits. */
export function referenceLogLikelihood(
  model: LanguageModel,
  { promptTokens, tokens }: Pick<CompletionItem, "promptTokens" | "tokens">,
  lora: LoraWeights,
): number {
  const logits = referenceLogits(model, [...promptTokens, ...tokens.slice(0, -1)], lora);
  return tokens.reduce((sum, token, index) => {
    const row = logits[promptTokens.length - 1 + index] as number[];
    const top = Math.max(...row);
    return (
      sum + (row[token] as number) - top - Math.log(row.reduce((total, logit) => total + Math.exp(logit - top), 0))
    );
  }, 0);
}

/** Central difference of the oracle's weighted log-likelihood in one element of a factor, in float64. */
export function referenceSlope(
  model: LanguageModel,
  item: CompletionItem,
  place: { readonly target: number; readonly factor: "down" | "up"; readonly element: number },
): number {
  const at = (offset: number): { readonly input: number; readonly output: number } => {
    let input = 0;
    const targets = item.lora.targets.map((factors, index): LoraFactors => {
      if (index !== place.target) return factors;
      const moved = factors[place.factor].slice();
      moved[place.element] = (moved[place.element] as number) + offset;
      input = moved[place.element] as number;
      return { ...factors, [place.factor]: moved };
    });
    return { input, output: referenceLogLikelihood(model, item, { ...item.lora, targets }) };
  };
  const above = at(2 ** -11);
  const below = at(-(2 ** -11));
  return (item.weight * (above.output - below.output)) / (above.input - below.input);
}

/** All numbers of one item's gradient, target by target. */
export function flatGradient(gradient: LoraWeights | undefined): number[] {
  return gradient?.targets.flatMap(({ down, up }) => [...down, ...up]) ?? [];
}

/**
 * Fails unless log-likelihoods and gradients agree, relative to the largest gradient of each item.
 *
 * @param zero - Items whose gradient is 0 by the formulas; rounding may leave a trace of it.
 */
export function expectSameGradients(
  got: LoraGradients,
  expected: LoraGradients,
  tolerance: number,
  zero: readonly number[] = [],
): void {
  expect(got.gradients.length).toBe(expected.gradients.length);
  expected.logLikelihoods.forEach((likelihood, item) => {
    expect(Math.abs((got.logLikelihoods[item] as number) - likelihood)).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(likelihood)),
    );
  });
  expected.gradients.forEach((gradient, item) => {
    const wanted = flatGradient(gradient);
    const numbers = flatGradient(got.gradients[item]);
    const largest = wanted.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
    expect(numbers.length).toBe(wanted.length);
    const worst = wanted.reduce((most, slope, at) => Math.max(most, Math.abs(slope - (numbers[at] as number))), 0);
    if (zero.includes(item)) expect(largest).toBeLessThan(1e-6);
    else if (wanted.length > 0) expect(largest).toBeGreaterThan(0);
    expect(worst).toBeLessThanOrEqual(tolerance * largest);
  });
}
