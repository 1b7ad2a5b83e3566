import type { ChatMessage } from "@haps/spec";

/** How {@link TextTokenizer.encode} reads a text. */
export interface EncodeOptions {
  /**
   * Whether the text of a special token in it, such as `</s>`, becomes that token; `false` takes it as ordinary text, for what comes from
   * strangers. Default true, as in Hugging Face tokenizers.
   */
  readonly special?: boolean;
  /** Whether to add what the tokenizer puts around each text, mostly a begin token, unless it is there already. Default true. */
  readonly frame?: boolean;
}

/** How tokens become text. */
export interface DecodeOptions {
  /** Leaves special tokens out. Default true. */
  readonly skipSpecial?: boolean;
}

/** How a conversation is written. */
export interface ChatOptions {
  /** Ends with the opening of the assistant's reply. Default true. */
  readonly addGenerationPrompt?: boolean;
  /**
   * Day that the template may write down, `YYYY-MM-DD`. Never today's, so that a prompt does not change with the calendar.
   * Default 2024-07-26, which Llama 3's own template falls back to.
   */
  readonly date?: string;
  /** Which of several named templates. Default `default`. */
  readonly template?: string;
  /** More variables for the template; plain data. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Decodes tokens one at a time. */
export interface StreamDecoder {
  /** Takes the next token in; the text that is complete with it, without parts of characters. */
  push(token: number): string;
  /** What was held back, when no more tokens come. The decoder begins anew. */
  finish(): string;
}

/** Turns text and conversations into tokens and back. */
export interface TextTokenizer {
  /** One more than the largest id. */
  readonly vocabularySize: number;
  /** Id of the token that begins a text, where the tokenizer names one. */
  readonly beginToken?: number;
  /** Ids of the tokens that end a text or a turn, as far as the tokenizer names them; a model's own list may be longer. */
  readonly endTokens: readonly number[];
  /**
   * Tokens of a text. A character that the tokenizer knows nothing of becomes its token for the unknown; where it has none, nothing, as in
   * Hugging Face tokenizers.
   *
   * @throws HapsError code `data` where `tokenizer.json` writes a token that it does not list.
   */
  encode(text: string, options?: EncodeOptions): number[];
  /**
   * Text of tokens. Ids without a token, as in padded vocabularies, have none. Spaces before punctuation stay, whatever the
   * tokenizer's `clean_up_tokenization_spaces` says.
   *
   * @throws HapsError code `data` for what is no id.
   */
  decode(tokens: readonly number[], options?: DecodeOptions): string;
  /** Text that came together is what {@link TextTokenizer.decode} gives for all tokens at once. */
  streamDecoder(options?: DecodeOptions): StreamDecoder;
  /**
   * Writes a conversation by the chat template.
   *
   * @throws HapsError code `state` without a template of that name, `data` for messages that are none or that the template refuses,
   *   and for a template that is broken, `config` for a date that is none.
   */
  renderChat(messages: readonly ChatMessage[], options?: ChatOptions): string;
  /**
   * Tokens of {@link TextTokenizer.renderChat} and nothing else, as in transformers: the template alone decides about a begin token.
   * Texts of special tokens in the messages become these tokens.
   *
   * @throws As {@link TextTokenizer.renderChat} and {@link TextTokenizer.encode}.
   */
  encodeChat(messages: readonly ChatMessage[], options?: ChatOptions): number[];
}
