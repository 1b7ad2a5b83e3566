import { HapsError } from "@haps/spec";
import { type DecoderRows, packSequences } from "../decoder/decoder-rows.ts";
import type { ModelConfig } from "../model/model-config.ts";

/** Tokens to learn from, and which of them to learn to predict. */
export interface TrainingSequence {
  /** At least 2, at most one more than the model's context: the last one is only predicted. */
  readonly tokens: ArrayLike<number>;
  /** First token that counts, e.g. the first of a reply behind its prompt; at least 1. Default 1: all but the first. */
  readonly lossFrom?: number;
  /** Per token whether it counts, in place of `lossFrom`; the first has none before it and never counts. */
  readonly mask?: readonly boolean[];
}

/** Rows that go through the decoder, and those of them whose logits count. */
export interface TrainingRows extends DecoderRows {
  /** Rows whose next token counts, in order. */
  readonly counted: Int32Array;
  /** That token, per counted row. */
  readonly targets: Int32Array;
}

/** Number of tokens of a sequence that count in the loss. */
export function countedTokens(sequence: TrainingSequence): number {
  const { tokens, mask, lossFrom = 1 } = sequence;
  if (mask === undefined) return Math.max(0, tokens.length - lossFrom);
  return mask.reduce((sum, counts, position) => sum + (counts && position > 0 ? 1 : 0), 0);
}

/**
 * Packs what has to be computed: of each sequence the tokens before the last one that counts, and nothing of one without any.
 *
 * @throws HapsError code `data`, naming sequence and position, for tokens that do not fit the model, a mask of another length, a bad
 *   `lossFrom`, or when nothing counts.
 */
export function packTraining(
  operation: string,
  sequences: readonly TrainingSequence[],
  config: ModelConfig,
): TrainingRows {
  const inputs: number[][] = [];
  const counted: number[] = [];
  const targets: number[] = [];
  let start = 0;
  sequences.forEach((sequence, index) => {
    checkSequence(operation, sequence, index, config);
    const { tokens, mask, lossFrom = 1 } = sequence;
    const before = counted.length;
    for (let position = 1; position < tokens.length; position += 1) {
      if (!(mask === undefined ? position >= lossFrom : mask[position])) continue;
      counted.push(start + position - 1);
      targets.push(tokens[position] as number);
    }
    if (counted.length === before) return;
    const length = (counted.at(-1) as number) - start + 1;
    inputs.push(Array.from({ length }, (_, position) => tokens[position] as number));
    start += length;
  });
  if (counted.length === 0) {
    const problem = `none of the tokens of ${sequences.length} sequences counts; expected at least one`;
    throw new HapsError(
      "data",
      `${operation}: ${problem}; give sequences of two tokens or more, and a mask that keeps some`,
      {
        sequences: sequences.length,
      },
    );
  }
  return { ...packSequences(inputs), counted: Int32Array.from(counted), targets: Int32Array.from(targets) };
}

function checkSequence(operation: string, sequence: TrainingSequence, index: number, config: ModelConfig): void {
  const { tokens, mask, lossFrom } = sequence;
  const refuse = (problem: string, facts: Readonly<Record<string, unknown>>): never => {
    throw new HapsError("data", `${operation}: sequence ${index} ${problem}`, { sequence: index, ...facts });
  };
  if (mask !== undefined && lossFrom !== undefined) refuse("has a mask and lossFrom; give one of them", { lossFrom });
  if (mask !== undefined && mask.length !== tokens.length) {
    const lengths = `a mask of ${mask.length} entries for ${tokens.length} tokens`;
    refuse(`has ${lengths}; expected one per token`, { mask: mask.length, tokens: tokens.length });
  }
  if (lossFrom !== undefined && !(Number.isInteger(lossFrom) && lossFrom >= 1)) {
    refuse(`has lossFrom ${lossFrom}; expected a whole number from 1, as the first token has none before it`, {
      lossFrom,
    });
  }
  if (tokens.length > config.context + 1) {
    const room = `the context of ${config.context} and one to predict`;
    refuse(`has ${tokens.length} tokens; expected at most ${room}; split it`, { tokens: tokens.length });
  }
  for (let position = 0; position < tokens.length; position += 1) {
    const token = tokens[position] as number;
    if (Number.isInteger(token) && token >= 0 && token < config.vocabulary) continue;
    const expected = `a whole number in [0, ${config.vocabulary})`;
    refuse(`has token ${token} at position ${position}; expected ${expected}; use the model's own tokenizer`, {
      position,
      token,
    });
  }
}
