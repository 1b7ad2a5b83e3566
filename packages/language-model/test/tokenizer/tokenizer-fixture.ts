import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ChatMessage } from "@haps/spec";

/** Written by `test/fixtures/tokenizers/make-tokenizers.py`. */
export interface TokenizerFixture {
  readonly date: string;
  readonly chats: readonly (readonly ChatMessage[])[];
  readonly tokenizers: Readonly<Record<TokenizerName, TokenizerExpectation>>;
}

export interface TokenizerExpectation {
  readonly vocabularySize: number;
  readonly texts: readonly {
    readonly text: string;
    /** With what the tokenizer puts around texts. */
    readonly tokens: readonly number[];
    readonly bare: readonly number[];
    /** Special tokens taken as text, nothing around it. */
    readonly plain: readonly number[];
    /** Of `tokens`. */
    readonly decoded: string;
    readonly decodedWithoutSpecial: string;
  }[];
  /** Pieces of texts, with special tokens. */
  readonly pieces: readonly { readonly tokens: readonly number[]; readonly decoded: string }[];
  readonly chats: readonly {
    readonly template: string;
    /** Index among the fixture's chats. */
    readonly chat: number;
    readonly addGenerationPrompt: boolean;
    readonly text: string;
    readonly tokens: readonly number[];
  }[];
}

export const tokenizerNames = ["headed", "marked", "spaced", "split"] as const;

export type TokenizerName = (typeof tokenizerNames)[number];

const fixtures = new URL("../fixtures/tokenizers/", import.meta.url);

export const tokenizerFixture = JSON.parse(
  readFileSync(new URL("expected.json", fixtures), "utf8"),
) as TokenizerFixture;

export function tokenizerFolder(name: TokenizerName): string {
  return fileURLToPath(new URL(name, fixtures));
}

/** A fresh copy of `tokenizer.json`, to spoil. */
export function readTokenizerJson(name: TokenizerName): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`${name}/tokenizer.json`, fixtures), "utf8")) as Record<string, unknown>;
}
