import { createChatRenderer } from "./chat-template.ts";
import { createStreamDecoder } from "./create-stream-decoder.ts";
import { createTokenLibrary } from "./create-token-library.ts";
import type { TextTokenizer } from "./text-tokenizer.ts";
import { parseTokenizerConfig, parseTokenizerJson } from "./tokenizer-files.ts";

/** What {@link createTokenizer} makes a tokenizer of. */
export interface TokenizerParts {
  /** Content of `tokenizer.json`, parsed. */
  readonly tokenizerJson: unknown;
  /** Content of `tokenizer_config.json`, parsed: special tokens and chat templates. Default none. */
  readonly tokenizerConfig?: unknown;
  /** Chat template in Jinja; goes before one of the same name, `default`, in `tokenizerConfig`. */
  readonly chatTemplate?: string;
  /** Names for error messages. Default the usual ones. */
  readonly files?: Partial<Readonly<Record<"tokenizerJson" | "tokenizerConfig" | "chatTemplate", string>>>;
}

/**
 * Makes a tokenizer from the contents of its files.
 *
 * Deviations from Hugging Face transformers: a text that begins with the begin token gets no second one, templates never see today's
 * date, and decoding never removes spaces before punctuation.
 *
 * @throws DataError naming the file for content that is damaged or unknown.
 *
 * @example
 * ```ts
 * const tokenizer = createTokenizer({
 *   tokenizerJson: {
 *     added_tokens: [{ id: 3, content: "</s>", special: true }],
 *     model: { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: [["a", "b"]] },
 *     decoder: { type: "Fuse" },
 *   },
 *   tokenizerConfig: { eos_token: "</s>" },
 * });
 * console.assert(tokenizer.encode("abb</s>").join() === "2,1,3");
 * console.assert(tokenizer.decode([2, 1, 3]) === "abb" && tokenizer.endTokens.join() === "3");
 * ```
 */
export function createTokenizer(parts: TokenizerParts): TextTokenizer {
  const { tokenizerJson: file = "tokenizer.json", tokenizerConfig: configFile = "tokenizer_config.json" } =
    parts.files ?? {};
  const json = parseTokenizerJson(parts.tokenizerJson, file);
  const config = parseTokenizerConfig(parts.tokenizerConfig ?? {}, configFile);
  const templates = new Map(config.templates);
  if (parts.chatTemplate !== undefined) {
    templates.set("default", { text: parts.chatTemplate, file: parts.files?.chatTemplate ?? "chat_template.jinja" });
  }
  const { special } = config;
  const library = createTokenLibrary(json, file, special.eos_token);
  const idOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : library.idOf(text));
  const beginToken = idOf(special.bos_token);
  const endToken = idOf(special.eos_token);
  const renderChat = createChatRenderer(templates, special);
  return {
    vocabularySize: library.vocabularySize,
    ...(beginToken === undefined ? {} : { beginToken }),
    endTokens: endToken === undefined ? [] : [endToken],
    encode(text, { special: parsed = true, frame = true } = {}) {
      const tokens = library.encode(text, parsed);
      if (!frame) return tokens;
      const { before, after } = library.frame();
      const doubled = beginToken !== undefined && tokens[0] === beginToken && before.at(-1) === beginToken;
      return [...before, ...(doubled ? tokens.slice(1) : tokens), ...after];
    },
    decode: (tokens, { skipSpecial = true } = {}) =>
      library.decode(tokens.filter((token) => library.hasText(token, skipSpecial))),
    streamDecoder({ skipSpecial = true } = {}) {
      const stream = createStreamDecoder(library.decode);
      return {
        push: (token) => (library.hasText(token, skipSpecial) ? stream.push(token) : ""),
        finish: () => stream.finish(),
      };
    },
    renderChat,
    encodeChat: (messages, options) => library.encode(renderChat(messages, options), true),
  };
}
