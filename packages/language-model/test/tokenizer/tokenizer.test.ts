import { assertTokenizerFits, createTokenizer, loadTokenizer, type TextTokenizer } from "@haps/language-model";
import { createRng } from "@haps/tensor";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  readTokenizerJson,
  type TokenizerName,
  tokenizerFixture,
  tokenizerFolder,
  tokenizerNames,
} from "./tokenizer-fixture.ts";

const withSpecial = { skipSpecial: false };

/** What is left of a text after encoding and decoding: a space is written as U+2581, and one at the beginning may be the tokenizer's. */
const survives: Readonly<Record<TokenizerName, (text: string) => string>> = {
  headed: (text) => text,
  marked: (text) => text.normalize("NFC"),
  spaced: (text) => text.replaceAll("\u2581", " "),
  split: (text) => text.replaceAll("\u2581", " ").replace(/^ /, ""),
};

function decodeInPieces(tokenizer: TextTokenizer, tokens: readonly number[], options = {}): string[] {
  const decoder = tokenizer.streamDecoder(options);
  return [...tokens.map((token) => decoder.push(token)), decoder.finish()];
}

describe.each(tokenizerNames)("the %s tokenizer", async (name) => {
  const tokenizer = await loadTokenizer(tokenizerFolder(name));
  const expected = tokenizerFixture.tokenizers[name];

  it("gives the tokens that Hugging Face tokenizers give", () => {
    expect(tokenizer.vocabularySize).toBe(expected.vocabularySize);
    for (const { text, tokens, bare, plain } of expected.texts) {
      // A begin token that is in the text already is not doubled here.
      const doubled = tokens[0] === tokenizer.beginToken && tokens[0] === tokens[1];
      const framed = doubled ? tokens.slice(1) : tokens;
      expect(tokenizer.encode(text), text).toEqual(framed);
      expect(tokenizer.encode(text, { frame: false }), text).toEqual(bare);
      expect(tokenizer.encode(text, { frame: false, special: false }), text).toEqual(plain);
      const begin = tokens.slice(0, tokens.length - bare.length);
      expect(tokenizer.encode(text, { special: false }), text).toEqual([...begin, ...plain]);
    }
  });

  it("gives the text that Hugging Face tokenizers give", () => {
    for (const { tokens, decoded, decodedWithoutSpecial } of expected.texts) {
      expect(tokenizer.decode(tokens, withSpecial)).toBe(decoded);
      expect(tokenizer.decode(tokens)).toBe(decodedWithoutSpecial);
    }
    for (const { tokens, decoded } of expected.pieces) expect(tokenizer.decode(tokens, withSpecial)).toBe(decoded);
  });

  it("writes and encodes conversations as Hugging Face transformers do", () => {
    for (const { template, chat, addGenerationPrompt, text, tokens } of expected.chats) {
      const messages = tokenizerFixture.chats[chat]!;
      const options = { template, addGenerationPrompt, date: tokenizerFixture.date };
      expect(tokenizer.renderChat(messages, options)).toBe(text);
      expect(tokenizer.encodeChat(messages, options)).toEqual(tokens);
    }
  });

  it("decodes any tokens one by one to the text that they have together", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 0, max: 40 }),
        fc.boolean(),
        (seed, count, skip) => {
          const rng = createRng(seed);
          // Half of them bytes, so that characters come in parts.
          const tokens = Array.from({ length: count }, () =>
            rng.uniform() < 0.5 ? rng.integer(260) : rng.integer(tokenizer.vocabularySize + 5),
          );
          const options = { skipSpecial: skip };
          expect(decodeInPieces(tokenizer, tokens, options).join("")).toBe(tokenizer.decode(tokens, options));
        },
      ),
      { seed: 51, numRuns: 1500 },
    );
  });

  it("decodes texts one token at a time, never a part of a character", () => {
    for (const { tokens, decodedWithoutSpecial } of expected.texts) {
      const pieces = decodeInPieces(tokenizer, tokens);
      expect(pieces.join("")).toBe(decodedWithoutSpecial);
      expect(pieces.at(-1)).toBe("");
      for (const piece of pieces) expect(piece).not.toContain("\ufffd");
    }
  });

  it("gives back any text, as far as the tokenizer keeps it", () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.oneof(
            fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
            fc.constantFrom(" ", "\n", "\u2581", "\ufeff", "</s>", "🙂"),
          ),
          maxLength: 20,
        }),
        (text) => {
          const tokens = tokenizer.encode(text, { special: false });
          expect(tokenizer.decode(tokens)).toBe(survives[name](text));
        },
      ),
      { seed: 52, numRuns: 300 },
    );
  });
});

describe("tokenizers", async () => {
  const headed = await loadTokenizer(tokenizerFolder("headed"));
  const marked = await loadTokenizer(tokenizerFolder("marked"));

  it("name the tokens at which texts begin and end", () => {
    expect(headed.beginToken).toBe(420);
    expect(headed.endTokens).toEqual([423]);
    expect(marked).not.toHaveProperty("beginToken");
    expect(marked.endTokens).toEqual([402]);
    expect(createTokenizer({ tokenizerJson: readTokenizerJson("headed") }).endTokens).toEqual([]);
  });

  it("hold back what is not yet a character, and show the rest", () => {
    const tokens = headed.encode("🌧", { frame: false });
    expect(tokens.length).toBeGreaterThan(1);
    const decoder = headed.streamDecoder();
    const [a] = headed.encode("a", { frame: false }) as [number];
    expect(decoder.push(a)).toBe("a");
    for (const token of tokens.slice(0, -1)) expect(decoder.push(token)).toBe("");
    expect(decoder.push(tokens.at(-1)!)).toBe("🌧");
    expect(decoder.push(tokens[0]!)).toBe("");
    expect(decoder.push(a)).toBe("\ufffda");
    expect(decoder.push(tokens[0]!)).toBe("");
    expect(decoder.finish()).toBe("\ufffd");
    expect(decoder.finish()).toBe("");
    expect(decoder.push(a)).toBe("a");
  });

  it("have no text for ids beyond theirs, and refuse what is no id", () => {
    expect(headed.decode([])).toBe("");
    expect(headed.decode([1000, 10_000_000])).toBe("");
    for (const token of [-1, 1.5, Number.NaN]) {
      expect(() => headed.decode([token])).toThrow(expect.objectContaining({ code: "data" }));
      expect(() => headed.streamDecoder().push(token)).toThrow(expect.objectContaining({ code: "data" }));
    }
  });

  it("leave spaces before punctuation alone, whatever the folder says", () => {
    expect(headed.decode(headed.encode("so . what ?"))).toBe("so . what ?");
  });

  it("leave out what there is no token for, and refuse a file that writes tokens without ids", () => {
    const token = { SpecialToken: { id: "<s>", type_id: 0 } };
    const tokenizerJson = {
      model: { type: "BPE", vocab: { a: 0 }, merges: [] },
      post_processor: { type: "TemplateProcessing", single: [token, { Sequence: { id: "A", type_id: 0 } }] },
    };
    const tokenizer = createTokenizer({ tokenizerJson });
    expect(tokenizer.encode("aba", { frame: false })).toEqual([0, 0]);
    expect(() => tokenizer.encode("a")).toThrow(expect.objectContaining({ code: "data", facts: { text: "<s>" } }));
  });

  it("put an end token after a text where the file says so", () => {
    const token = (id: string) => ({ SpecialToken: { id, type_id: 0 } });
    const text = { Sequence: { id: "A", type_id: 0 } };
    const tokenizerJson = {
      ...readTokenizerJson("spaced"),
      post_processor: {
        type: "TemplateProcessing",
        single: [token("<s>"), text, token("</s>")],
        pair: [],
        special_tokens: {},
      },
    };
    const tokenizer = createTokenizer({ tokenizerJson, tokenizerConfig: { bos_token: "<s>" } });
    const bare = tokenizer.encode("The router", { frame: false });
    expect(tokenizer.encode("The router")).toEqual([1, ...bare, 2]);
    expect(tokenizer.encode("<s>The router")).toEqual([1, ...bare, 2]);
    expect(tokenizer.encode("")).toEqual([1, 2]);
  });

  it("fit a model that has an embedding for each token, and no smaller one", () => {
    assertTokenizerFits(headed, { vocabulary: 425 });
    assertTokenizerFits(headed, { vocabulary: 512 });
    expect(() => {
      assertTokenizerFits(headed, { vocabulary: 424 });
    }).toThrow(expect.objectContaining({ code: "config", facts: { vocabularySize: 425, vocabulary: 424 } }));
  });
});
