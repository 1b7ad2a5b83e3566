import { HapsError } from "@haps/spec";
import type { TokenPrompt } from "@haps/tensor";

/** Text of a routing prompt around the question, and how to make tokens of it. */
export interface PromptParts {
  readonly before: string;
  readonly question: string;
  readonly after: string;
  /** Text to token ids, as the model reads the whole prompt: with the begin token where the text does not have it. */
  readonly encode: (text: string) => readonly number[];
}

/**
 * Makes tokens of a prompt and finds those of the question.
 *
 * The whole text is encoded, as the model should read it; tokens that the parts around the question have by themselves, too, are not of
 * the question. A token that a part shares with the question counts as the question's.
 *
 * @throws HapsError code `data` when no token belongs to the question.
 *
 * @example
 * ```ts
 * const encode = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
 * const { question } = encodePrompt({ before: "Q: ", question: "why?", after: "\n", encode });
 * console.assert(question?.start === 3 && question.end === 7);
 * ```
 */
export function encodePrompt({ before, question, after, encode }: PromptParts): TokenPrompt {
  const tokens = encode(before + question + after);
  const start = commonStart(tokens, encode(before));
  const right = commonStart(tokens.toReversed(), encode(after).toReversed());
  const end = tokens.length - right;
  if (question !== "" && start < end) return { tokens, question: { start, end } };
  throw new HapsError(
    "data",
    `encodePrompt: no token belongs to the question ${JSON.stringify(question.slice(0, 40))}; got ${tokens.length} tokens in all; give a question that is not empty`,
    { tokens: tokens.length },
  );
}

/** Tokens that two sequences begin with alike. */
export function commonStart(left: readonly number[], right: readonly number[]): number {
  const limit = Math.min(left.length, right.length);
  let length = 0;
  while (length < limit && left[length] === right[length]) length += 1;
  return length;
}
