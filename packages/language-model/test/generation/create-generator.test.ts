import { createGenerator, type LanguageModel, type TextTokenizer } from "@haps/language-model";
import type { Generation, GenerationCall, GenerationChunk, Settled } from "@haps/spec";
import { describeEachBackend } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { smallLora, smallModel, smallShapes } from "../decoder/small-models.ts";

const [llama] = Object.values(smallShapes);
const LETTERS = "abcdefghijklmnopqrstuv";

/** One letter per token; token 22 shows nothing until the next token comes, as the first half of a character does. */
const tokenizer: TextTokenizer = {
  vocabularySize: 23,
  endTokens: [],
  encode: (text) => Array.from(text, (letter) => LETTERS.indexOf(letter)),
  decode: (tokens) => tokens.map((token) => LETTERS[token] ?? "é").join(""),
  streamDecoder() {
    let held = "";
    return {
      push(token) {
        const text = held + (LETTERS[token] ?? "");
        held = token === 22 ? "é" : "";
        return text;
      },
      finish() {
        const text = held;
        held = "";
        return text;
      },
    };
  },
  renderChat: (messages) => messages.map(({ role, content }) => role.slice(0, 1) + content).join(""),
  encodeChat(messages) {
    return this.encode(this.renderChat(messages));
  },
};

function withEnds(seed: number, ...endTokens: number[]): LanguageModel {
  const model = smallModel(llama!, seed);
  return { ...model, config: { ...model.config, endTokens } };
}

function generationOf(settled: Settled<Generation> | undefined): Generation {
  if (settled?.ok !== true) throw new Error(`expected a generation: ${JSON.stringify(settled)}`);
  return settled.value;
}

async function collect(chunks: AsyncIterable<GenerationChunk>): Promise<GenerationChunk[]> {
  const all: GenerationChunk[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

const call: GenerationCall = {
  prompt: { text: "abc" },
  decoding: { maxTokens: 14, temperature: 1.5 },
  seed: 3,
};

describeEachBackend("a generator of text", () => {
  it("answers a text, messages and tokens, and says the tokens of the prompt", async () => {
    const model = withEnds(1);
    const generator = createGenerator({ model, tokenizer });
    const settled = await generator.generate([
      call,
      { ...call, prompt: { messages: [{ role: "user", content: "abc" }] } },
      { ...call, prompt: { tokens: [0, 1, 2] } },
    ]);
    const [text, messages, tokens] = settled.map(generationOf);
    expect(text?.promptTokens).toEqual([0, 1, 2]);
    expect(messages?.promptTokens).toEqual([20, 0, 1, 2]);
    expect(tokens).toEqual(text);
    expect(text?.text).toBe(tokenizer.decode(text?.tokens ?? []));
    expect(text?.logProbs?.full).toHaveLength(14);
    model.dispose();
  });

  it("leaves the end token out of the text", async () => {
    const free = withEnds(2);
    const { tokens } = generationOf((await createGenerator({ model: free, tokenizer }).generate([call]))[0]);
    const end = tokens[6] as number;
    const model = { ...free, config: { ...free.config, endTokens: [end] } };
    const ended = generationOf((await createGenerator({ model, tokenizer }).generate([call]))[0]);
    expect(ended.finishReason).toBe("eos");
    expect(ended.tokens.at(-1)).toBe(end);
    expect(ended.text).toBe(tokenizer.decode(ended.tokens.slice(0, -1)));
    free.dispose();
  });

  it("stops at the first stop text, cuts the text before it and keeps the token that completes it", async () => {
    const model = withEnds(3);
    const generator = createGenerator({ model, tokenizer });
    const whole = generationOf((await generator.generate([call]))[0]);
    const stop = whole.text.slice(5, 8);
    const settled = await generator.generate([
      { ...call, decoding: { ...call.decoding, stop: ["not there", stop] } },
      { ...call, decoding: { ...call.decoding, stop: ["not there"] } },
    ]);
    const at = whole.text.indexOf(stop);
    expect(generationOf(settled[0])).toMatchObject({ text: whole.text.slice(0, at), finishReason: "stop" });
    expect(generationOf(settled[0]).tokens.length).toBeGreaterThanOrEqual(at + stop.length);
    expect(tokenizer.decode(generationOf(settled[0]).tokens).startsWith(whole.text.slice(0, at + stop.length))).toBe(
      true,
    );
    expect(generationOf(settled[1])).toEqual(whole);
    model.dispose();
  });

  it("streams what it generates, piece by piece", async () => {
    const model = withEnds(4);
    const generator = createGenerator({ model, tokenizer });
    const calls: GenerationCall[] = [1, 2, 3].map((seed) => ({
      ...call,
      seed,
      lora: smallLora(model, seed),
      decoding: { ...call.decoding, stop: ["zz", "ab"] },
    }));
    const settled = await generator.generate(calls);
    for (const [index, streamed] of calls.entries()) {
      const chunks = await collect(generator.stream(streamed));
      const expected = generationOf(settled[index]);
      expect(chunks.at(-1)?.generation).toEqual(expected);
      expect(chunks.slice(0, -1).every(({ generation }) => generation === undefined)).toBe(true);
      expect(chunks.map(({ text }) => text).join("")).toBe(expected.text);
      expect(chunks.flatMap(({ tokens }) => tokens)).toEqual(expected.tokens);
    }
    model.dispose();
  });

  it("lets a wrong call fail alone, and throws its error where it is streamed", async () => {
    const model = withEnds(5);
    const generator = createGenerator({ model, tokenizer });
    const wrong: GenerationCall[] = [
      { ...call, prompt: { text: "" } },
      { ...call, prompt: { text: "A" } },
      { ...call, decoding: { maxTokens: 0 } },
      { ...call, decoding: { maxTokens: 1, stop: [""] } },
      { ...call, lora: { ...smallLora(model, 1), scale: Number.NaN } },
    ];
    const settled = await generator.generate([...wrong, call]);
    const codes = settled.map((entry) => (entry.ok ? "ok" : entry.failure.code));
    expect(codes).toEqual(["data", "data", "config", "config", "non-finite", "ok"]);
    expect(settled[5]).toEqual((await generator.generate([call]))[0]);
    for (const [index, each] of wrong.entries()) {
      const code = expect.objectContaining({ code: codes[index] }) as unknown;
      await expect(collect(generator.stream(each))).rejects.toEqual(code);
    }
    model.dispose();
  });

  it("works in tokens alone without a tokenizer", async () => {
    const model = withEnds(6);
    const tokens: GenerationCall = { ...call, prompt: { tokens: [1] } };
    const settled = await createGenerator({ model }).generate([
      tokens,
      call,
      { ...call, prompt: { messages: [] } },
      { ...tokens, decoding: { ...tokens.decoding, stop: ["a"] } },
    ]);
    expect(generationOf(settled[0])).toMatchObject({ text: "", finishReason: "length" });
    expect(settled.slice(1).map((entry) => !entry.ok && entry.failure.code)).toEqual(["config", "config", "config"]);
    model.dispose();
  });

  it("stops working when the iteration or the signal says so, and leaves no tensor behind", async () => {
    const model = withEnds(7);
    const generator = createGenerator({ model, tokenizer });
    const long: GenerationCall = { ...call, lora: smallLora(model, 1), decoding: { maxTokens: 40 } };
    await generator.generate([long]);
    const before = tf.memory().numTensors;
    for await (const chunk of generator.stream(long)) {
      expect(chunk.generation).toBeUndefined();
      break;
    }
    expect(tf.memory().numTensors).toBe(before);
    const aborted = expect.objectContaining({ code: "aborted" }) as unknown;
    const controller = new AbortController();
    const seen: GenerationChunk[] = [];
    const run = async (): Promise<void> => {
      for await (const chunk of generator.stream(long, { signal: controller.signal })) {
        seen.push(chunk);
        if (seen.length === 2) controller.abort();
      }
    };
    await expect(run()).rejects.toEqual(aborted);
    expect(seen).toHaveLength(2);
    await expect(generator.generate([long], { signal: AbortSignal.abort() })).rejects.toEqual(aborted);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});
