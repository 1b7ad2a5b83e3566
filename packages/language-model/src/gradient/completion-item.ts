import { type GradientItem, HapsError, type LoraWeights, parseConfig } from "@haps/spec";
import { checkLora } from "../decoder/check-lora.ts";
import { decodingSchema } from "../generation/resolve-decoding.ts";
import type { TokenFilter } from "../generation/token-distribution.ts";
import type { ModelConfig } from "../model/model-config.ts";

/** A completion and what it continues, as token ids. */
export interface CompletionTokens {
  /** At least one. */
  readonly promptTokens: readonly number[];
  /** What the model is asked to have said; none is certain to be said. */
  readonly tokens: readonly number[];
}

/** A completion under its own LoRA weights: one term of `Σ weight · log P(tokens | prompt, lora)`. */
export interface CompletionItem extends CompletionTokens, Pick<GradientItem, "likelihood" | "decoding"> {
  readonly lora: LoraWeights;
  /** Factor of the log-likelihood, any finite number. */
  readonly weight: number;
}

/** Tokens that go through the model: all but the last, which is only predicted. None where there is nothing to predict. */
export function inputTokens({ promptTokens, tokens }: CompletionTokens): readonly number[] {
  return tokens.length === 0 ? [] : [...promptTokens, ...tokens.slice(0, -1)];
}

/**
 * What the tokens of an item were drawn with, where that is whose likelihood is asked for.
 *
 * @throws HapsError code `config` where it is not told; ConfigError naming the fields that are wrong.
 */
export function tokenFilterOf(
  operation: string,
  { likelihood = "full", decoding }: Pick<CompletionItem, "likelihood" | "decoding">,
  index: number,
): TokenFilter | undefined {
  if (likelihood === "full") return undefined;
  if (decoding !== undefined) {
    return parseConfig(`${operation}: item ${index}: decoding`, decodingSchema, { ...decoding, maxTokens: 1 });
  }
  throw new HapsError(
    "config",
    `${operation}: item ${index} asks for the likelihood under what was sampled, but has no decoding; give the one of its call`,
    { item: index },
  );
}

/**
 * Checks tokens against the model, by item.
 *
 * @throws HapsError code `data`, naming item and position.
 */
export function checkCompletion(operation: string, item: CompletionTokens, index: number, config: ModelConfig): void {
  const { promptTokens, tokens } = item;
  const refuse = (problem: string, facts: Readonly<Record<string, unknown>>): never => {
    throw new HapsError("data", `${operation}: item ${index} ${problem}`, { item: index, ...facts });
  };
  if (promptTokens.length === 0) refuse("has a prompt without tokens; begin it with the model's begin token", {});
  const count = promptTokens.length + tokens.length;
  if (count > config.context + 1) {
    const room = `the context of ${config.context} and one to predict`;
    refuse(`has ${count} tokens; expected at most ${room}; shorten it`, { tokens: count, context: config.context });
  }
  [...promptTokens, ...tokens].forEach((token, position) => {
    if (Number.isInteger(token) && token >= 0 && token < config.vocabulary) return;
    const expected = `a whole number in [0, ${config.vocabulary})`;
    refuse(`has token ${token} at position ${position}; expected ${expected}; use the model's own tokenizer`, {
      position,
      token,
    });
  });
}

/**
 * Checks items against the model.
 *
 * @throws As {@link checkCompletion}, {@link tokenFilterOf} and `checkLora`; HapsError code `config` for a weight that is not finite.
 */
export function checkItems(operation: string, items: readonly CompletionItem[], config: ModelConfig): void {
  items.forEach((item, index) => {
    checkCompletion(operation, item, index, config);
    checkLora(item.lora, config);
    tokenFilterOf(operation, item, index);
    if (Number.isFinite(item.weight)) return;
    throw new HapsError(
      "config",
      `${operation}: item ${index} has weight ${item.weight}; expected a finite number; check the rewards it was made from`,
      { item: index, weight: item.weight },
    );
  });
}
