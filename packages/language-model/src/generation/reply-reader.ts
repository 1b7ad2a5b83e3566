import type { TextTokenizer } from "../tokenizer/text-tokenizer.ts";
import { createStopMatcher } from "./stop-matcher.ts";

/** Turns the tokens of one reply into text, up to the first stop text. */
export interface ReplyReader {
  /** Text up to now; what may be the beginning of a stop text is not part of it yet. */
  readonly text: string;
  /** Takes the next token in; true when a stop text has come. */
  push(token: number): boolean;
  /** No more tokens come: adds what was held back. */
  finish(): void;
}

/** Without a tokenizer the text stays empty. */
export function createReplyReader(tokenizer: TextTokenizer | undefined, stops: readonly string[]): ReplyReader {
  const decoder = tokenizer?.streamDecoder();
  const matcher = createStopMatcher(stops);
  let text = "";
  let stopped = false;
  const add = (piece: string): void => {
    const match = matcher.push(piece);
    text += match.text;
    stopped ||= match.stop !== undefined;
  };
  return {
    get text() {
      return text;
    },
    push(token) {
      add(decoder?.push(token) ?? "");
      return stopped;
    },
    finish() {
      if (!stopped) add(decoder?.finish() ?? "");
      if (!stopped) text += matcher.finish();
    },
  };
}
