import { DataError, HapsError, quoteValue } from "@haps/spec";
import {
  ByteFallbackDecoder,
  type LibraryDecoder,
  type LibraryTokenizer,
  SequenceDecoder,
  Tokenizer,
} from "./hugging-face-modules.ts";
import type { TokenizerJson } from "./tokenizer-files.ts";

/** What is used of `@huggingface/tokenizers`, with its rough edges taken off. */
export interface TokenLibrary {
  /** One more than the largest id. */
  readonly vocabularySize: number;
  /** Tokens of a text, nothing around them. */
  readonly encode: (text: string, special: boolean) => number[];
  /** Tokens that are put around each text. */
  readonly frame: () => { readonly before: readonly number[]; readonly after: readonly number[] };
  /** Text of tokens that {@link TokenLibrary.hasText} lets through. */
  readonly decode: (tokens: readonly number[]) => string;
  /** Whether a token shows; code `data` for what is no id. */
  readonly hasText: (token: number, skipSpecial: boolean) => boolean;
  readonly idOf: (text: string) => number | undefined;
}

/** @throws DataError naming `file` for content that the library cannot use. */
export function createTokenLibrary(json: TokenizerJson, file: string, endText: string | undefined): TokenLibrary {
  const library = openLibrary(json, file, endText);
  const specialTokens = new Set(json.added_tokens.filter(({ special }) => special === true).map(({ id }) => id));
  // A second copy of the vocabulary, so only for those who ask.
  let plain: LibraryTokenizer | undefined;
  const plainLibrary = (): LibraryTokenizer => {
    const added = json.added_tokens.filter(({ special }) => special !== true);
    plain ??= specialTokens.size === 0 ? library : openLibrary({ ...json, added_tokens: added }, file, endText);
    return plain;
  };
  let frame: ReturnType<TokenLibrary["frame"]> | undefined;
  return {
    vocabularySize: library.model.vocab.length,
    encode: (text, special) => idsOf(special ? library : plainLibrary(), text, false),
    frame: () => {
      frame ??= frameOf(library);
      return frame;
    },
    decode: (tokens) => (tokens.length === 0 ? "" : library.decode(tokens)),
    hasText: (token, skipSpecial) => {
      if (!Number.isInteger(token) || token < 0) {
        throw new HapsError("data", `decode: ${quoteValue(token)} is no token id; ids are integers from 0 on`, {
          token,
        });
      }
      return library.model.vocab[token] !== undefined && !(skipSpecial && specialTokens.has(token));
    },
    idOf: (text) => library.token_to_id(text),
  };
}

/** The library calls whatever fails inside a TypeError or a plain Error. */
function openLibrary(json: TokenizerJson, file: string, endText: string | undefined): LibraryTokenizer {
  try {
    // Spaces stay as they are: text that was shown cannot change when more comes.
    const library = new Tokenizer(json, { clean_up_tokenization_spaces: false, eos_token: endText });
    keepByteOrderMarks(library.decoder);
    return library;
  } catch (error) {
    throw new DataError(
      { file },
      `the tokenizer cannot be made: ${error instanceof Error ? error.message : String(error)}`,
      "take the file from the model's folder again; if it is whole, its kind of tokenizer is not supported",
      { cause: error },
    );
  }
}

/** Left alone, byte fallback takes U+FEFF at the beginning of a run of bytes for a mark of the encoding and drops it. */
function keepByteOrderMarks(decoder: LibraryDecoder | null): void {
  if (decoder instanceof SequenceDecoder) decoder.decoders.forEach(keepByteOrderMarks);
  if (decoder instanceof ByteFallbackDecoder) decoder.text_decoder = new TextDecoder("utf-8", { ignoreBOM: true });
}

function idsOf(library: LibraryTokenizer, text: string, framed: boolean): number[] {
  const { ids, tokens } = library.encode(text, { add_special_tokens: framed });
  const missing = ids.indexOf(undefined);
  if (missing < 0) return ids as number[];
  throw new HapsError(
    "data",
    `encode: the tokenizer has no token for ${quoteValue(tokens[missing])}, and none for unknown text; leave it out, or correct tokenizer.json`,
    { text: tokens[missing] },
  );
}

/** What is around no text, cut where text comes in. */
function frameOf(library: LibraryTokenizer): ReturnType<TokenLibrary["frame"]> {
  const empty = idsOf(library, "", true);
  if (empty.length === 0) return { before: [], after: [] };
  const { ids } = library.encode("a", { add_special_tokens: true });
  const differs = empty.findIndex((token, index) => ids[index] !== token);
  const cut = differs < 0 ? empty.length : differs;
  return { before: empty.slice(0, cut), after: empty.slice(cut) };
}
