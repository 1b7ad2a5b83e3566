import type { StreamDecoder } from "./text-tokenizer.ts";

/** What stands for bytes that are no text, or not yet. */
const REPLACEMENT = "\ufffd";

/**
 * Decodes tokens one at a time: each push decodes the newest tokens twice, with and without the new one, and gives the difference.
 *
 * The last piece that had text stays in front, because decoders treat the first token differently. An unfinished character at the
 * end is one replacement character and is held back.
 *
 * @param decode - Text of tokens; text before the last unfinished character must not change when tokens are added.
 */
export function createStreamDecoder(decode: (tokens: readonly number[]) => string): StreamDecoder {
  let tokens: number[] = [];
  /** Tokens whose text is out, all of it. */
  let done = 0;
  /** Length of the text of `tokens` that is out. */
  let shown = 0;

  return {
    push(token) {
      tokens.push(token);
      const text = decode(tokens);
      const complete = text.endsWith(REPLACEMENT) ? text.length - 1 : text.length;
      const fresh = text.slice(shown, complete);
      shown = Math.max(shown, complete);
      if (complete === text.length && fresh !== "") {
        tokens = tokens.slice(done);
        done = tokens.length;
        shown = decode(tokens).length;
      }
      return fresh;
    },
    finish() {
      const rest = decode(tokens).slice(shown);
      tokens = [];
      done = 0;
      shown = 0;
      return rest;
    },
  };
}
