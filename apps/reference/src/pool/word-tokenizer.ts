import { createTokenizer, type TextTokenizer } from "@haps/language-model";

/** Ends every reply. */
export const END_TOKEN = "<end>";
/** Stands for words that the pool has never read. */
export const UNKNOWN_TOKEN = "<unk>";

/** Contents of the two tokenizer files of a model folder. */
export interface TokenizerFiles {
  readonly tokenizerJson: Readonly<Record<string, unknown>>;
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
}

/**
 * Describes a tokenizer of whole words in lower case, in the format of Hugging Face.
 *
 * Punctuation stands alone; decoding puts a blank between tokens, which no scorer minds.
 *
 * @param words - Distinct, in lower case, without blanks; ids follow their order, behind the two special tokens.
 */
export function wordTokenizerFiles(words: readonly string[]): TokenizerFiles {
  const special = [UNKNOWN_TOKEN, END_TOKEN];
  const vocab = Object.fromEntries([...special, ...words].map((word, id) => [word, id]));
  return {
    tokenizerJson: {
      version: "1.0",
      added_tokens: special.map((content, id) => ({ id, content, special: true, normalized: false })),
      normalizer: { type: "Lowercase" },
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          { type: "WhitespaceSplit" },
          { type: "Split", pattern: { Regex: "[\\p{P}\\p{S}]" }, behavior: "Isolated", invert: false },
        ],
      },
      model: {
        type: "WordPiece",
        unk_token: UNKNOWN_TOKEN,
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab,
      },
      decoder: null,
    },
    tokenizerConfig: { tokenizer_class: "PreTrainedTokenizerFast", eos_token: END_TOKEN, unk_token: UNKNOWN_TOKEN },
  };
}

/** Makes the tokenizer of {@link wordTokenizerFiles}. */
export function createWordTokenizer(words: readonly string[]): TextTokenizer {
  return createTokenizer(wordTokenizerFiles(words));
}

/** The words of a text as the tokenizer cuts them. */
export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[^\s\p{P}\p{S}]+|[\p{P}\p{S}]/gu) ?? [];
}
