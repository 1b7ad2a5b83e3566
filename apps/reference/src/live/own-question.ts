import { atlasLibrary } from "@haps/benchmarks";
import type { TextTokenizer } from "@haps/language-model";
import type { LabelledQuestion } from "@haps/spec";
import { UNKNOWN_TOKEN, wordsOf } from "../pool/word-tokenizer.ts";

/** A question that somebody typed, with everything that can be looked up; nobody knows its answer. */
export function ownQuestion(text: string): LabelledQuestion {
  return { id: "your question", text, context: atlasLibrary(), gold: { answer: "" } };
}

/** Words of a text that the pool has never read, each once. */
export function unknownWords(text: string, tokenizer: TextTokenizer): readonly string[] {
  const unknown = tokenizer.encode(UNKNOWN_TOKEN)[0];
  return [...new Set(wordsOf(text))].filter((word) => tokenizer.encode(word).some((token) => token === unknown));
}
