import { HapsError, type Prompt } from "@haps/spec";
import type { TextTokenizer } from "../tokenizer/text-tokenizer.ts";

/**
 * Token ids of a prompt: those of a text with what the tokenizer puts before it, of messages in the chat template, or tokens as they are.
 *
 * @throws HapsError code `config` for a text or messages without a tokenizer; what the tokenizer throws.
 */
export function promptTokens(prompt: Prompt, tokenizer: TextTokenizer | undefined): readonly number[] {
  if ("tokens" in prompt) return [...prompt.tokens];
  if (tokenizer === undefined) {
    throw new HapsError(
      "config",
      `generation: the prompt is ${"text" in prompt ? "a text" : "a conversation"} and there is no tokenizer; give the generator one, or give tokens`,
    );
  }
  return "text" in prompt ? tokenizer.encode(prompt.text) : tokenizer.encodeChat(prompt.messages);
}
