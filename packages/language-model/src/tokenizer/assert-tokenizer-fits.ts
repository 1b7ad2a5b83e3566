import { HapsError } from "@haps/spec";
import type { TextTokenizer } from "./text-tokenizer.ts";

/**
 * Makes sure that a model has an embedding for every token of a tokenizer. It may have more: vocabularies are often padded.
 *
 * @throws HapsError code `config` naming both sizes.
 *
 * @example
 * ```ts
 * assertTokenizerFits({ vocabularySize: 500 }, { vocabulary: 512 });
 * ```
 */
export function assertTokenizerFits(
  tokenizer: Pick<TextTokenizer, "vocabularySize">,
  model: { readonly vocabulary: number },
): void {
  const { vocabularySize } = tokenizer;
  if (vocabularySize <= model.vocabulary) return;
  throw new HapsError(
    "config",
    `assertTokenizerFits: the tokenizer has ids up to ${vocabularySize - 1} and the model a vocabulary of ${model.vocabulary}; use the tokenizer that the model was trained with`,
    { vocabularySize, vocabulary: model.vocabulary },
  );
}
