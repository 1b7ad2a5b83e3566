import {
  completionGradient,
  createGenerator,
  createTensorEngine,
  createTokenizer,
  type LanguageModel,
  resolveModelConfig,
} from "@haps/language-model";
import type { Engine, GenerationCall, GenerationChunk, GradientItem } from "@haps/spec";
import { describeEngineContract } from "@haps/spec/testing";
import { describeEachBackend } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawTokens, smallLora, smallModel, smallShapes } from "../decoder/small-models.ts";

const shape = smallShapes["qwen2 with biases and tied embeddings"]!;
const capabilities = { lora: "per-call", tokenLogProbs: true, gradients: true, seed: true, stream: true } as const;

// All that drawing tokens and weights needs; there is no backend yet to make a model on.
const drawn = { config: resolveModelConfig(shape) } as LanguageModel;
const lora = smallLora(drawn, 1);
const call = (seed: number, change: Partial<GenerationCall> = {}): GenerationCall => ({
  prompt: { tokens: drawTokens(drawn, 2 + (seed % 4), seed) },
  decoding: { maxTokens: 3 + seed, temperature: 1 },
  seed,
  ...change,
});
const calls = [1, 2, 3, 4, 5].map((seed) => call(seed));
const badCall = call(1, { prompt: { tokens: [99] } });
/** A token per letter from a to w, but for one that is half a character. */
const vocab = Object.fromEntries(
  Array.from({ length: 23 }, (_, id) => [id === 20 ? "Ã" : String.fromCodePoint(97 + id), id]),
);
const tokenizer = createTokenizer({
  tokenizerJson: { model: { type: "BPE", vocab, merges: [] }, decoder: { type: "ByteLevel" } },
});
const texts = calls.map((one, index) => ({
  ...one,
  prompt: { text: ["abc", "q", "hello", "dd", "efg"][index] as string },
  decoding: { ...one.decoding, maxTokens: 12, stop: ["b", "ac"] },
}));

describeEachBackend("createTensorEngine", () => {
  let model: LanguageModel;
  beforeAll(() => {
    model = smallModel(shape, 1);
  });
  afterAll(() => {
    model.dispose();
  });
  const create = (maxBatch?: number) =>
    createTensorEngine({ candidate: "tiny", model, ...(maxBatch === undefined ? {} : { maxBatch }) });

  describeEngineContract({ describe, it }, "the tensor engine", { create, capabilities, calls, badCall, lora });
  describeEngineContract({ describe, it }, "the tensor engine in batches of two", {
    create: () => create(2),
    capabilities,
    calls,
    badCall,
    lora: smallLora(drawn, 2, { layers: [1], projections: ["o"] }),
  });

  describeEngineContract({ describe, it }, "the tensor engine with a tokenizer", {
    create: () => createTensorEngine({ candidate: "tiny", model, tokenizer }),
    capabilities,
    calls: texts,
    badCall: { ...(texts[0] as GenerationCall), prompt: { text: "Z" } },
    lora,
  });

  it("generates what the generator does, however calls are grouped", async () => {
    const mixed = [...calls, badCall, ...calls.map((one) => ({ ...one, lora }))];
    const expected = await createGenerator({ model }).generate(mixed);
    const plain = (settled: readonly unknown[]): unknown => JSON.parse(JSON.stringify(settled));
    for (const maxBatch of [1, 4, 100]) {
      const engine = create(maxBatch);
      const got = await engine.generate(mixed);
      expect(plain(got)).toEqual(plain(expected));
      await engine.dispose();
    }
  });

  it("gives the gradients of completionGradient for what it generated", async () => {
    const engine = create();
    const settled = await engine.generate(calls.map((one) => ({ ...one, lora })));
    const items = settled.map((entry, index): GradientItem => {
      if (!entry.ok) throw new Error(entry.failure.message);
      return { call: { role: "answerer", candidate: "tiny", ...entry.value }, lora, weight: index - 2 };
    });
    const expected = completionGradient(
      model,
      items.map(({ call: { promptTokens, tokens }, weight }) => ({ promptTokens, tokens, lora, weight })),
    );
    expect(await engine.loraGradient(items)).toEqual(expected);
    expect(await engine.loraGradient([])).toEqual({ logLikelihoods: [], gradients: [] });
    await engine.dispose();
  });

  it("does not differentiate what another candidate said, and names items that do not fit", async () => {
    const engine = create();
    const own = { role: "answerer", candidate: "tiny", promptTokens: [1], tokens: [2] };
    const item: GradientItem = { call: own, lora, weight: 1 };
    await expect(engine.loraGradient([item, { ...item, call: { ...own, candidate: "large" } }])).rejects.toMatchObject({
      code: "unknown-candidate",
      facts: { item: 1, candidate: "large" },
    });
    await expect(engine.loraGradient([item, { ...item, weight: Number.NaN }])).rejects.toMatchObject({
      code: "config",
      facts: { item: 1 },
    });
    await engine.dispose();
  });

  it("runs several operations at once and gives each what it gives alone", async () => {
    const engine = create();
    const alone = [await engine.generate(calls), await engine.generate([...calls].reverse())];
    const item: GradientItem = {
      call: { role: "answerer", candidate: "tiny", promptTokens: [1], tokens: [2, 3] },
      lora,
      weight: 1,
    };
    const slopes = await engine.loraGradient([item]);
    const [first, second, third] = await Promise.all([
      engine.generate(calls),
      engine.generate([...calls].reverse()),
      engine.loraGradient([item]),
    ]);
    expect([first, second]).toEqual(alone);
    expect(third).toEqual(slopes);
    await engine.dispose();
  });

  it("stops what is under way when it is disposed, and leaves no tensor behind", async () => {
    const long = call(9, { decoding: { maxTokens: 50 }, lora });
    await create().generate([long]);
    const before = tf.memory().numTensors;
    const engine = create();
    const ends: unknown[] = [];
    const run = engine.generate([long]).catch((error: unknown) => ends.push(error));
    const items = [1, 2, 3].map(
      (seed): GradientItem => ({
        call: { role: "answerer", candidate: "tiny", promptTokens: [seed], tokens: drawTokens(model, 60, seed) },
        lora: smallLora(model, seed, { layers: [seed % 2] }),
        weight: 1,
      }),
    );
    const slopes = engine.loraGradient(items).catch((error: unknown) => ends.push(error));
    const stream = firstOf(engine, long);
    const { iterator } = await stream;
    await engine.dispose();
    expect(tf.memory().numTensors).toBe(before);
    await Promise.all([run, slopes]);
    expect(ends).toEqual([
      expect.objectContaining({ code: "disposed" }),
      expect.objectContaining({ code: "disposed" }),
    ]);
    await expect(iterator.next()).rejects.toMatchObject({ code: "disposed" });
  });

  it("gives back the weights of a stream that is left early", async () => {
    const engine = create();
    const before = tf.memory().numTensors;
    const { iterator, chunk } = await firstOf(engine, call(8, { lora }));
    expect(chunk.tokens.length).toBe(1);
    expect(tf.memory().numTensors).toBeGreaterThan(before);
    await iterator.return?.();
    expect(tf.memory().numTensors).toBe(before);
    await engine.dispose();
  });
});

it("refuses batches of no calls", () => {
  for (const maxBatch of [0, 0.5]) {
    expect(() => createTensorEngine({ candidate: "tiny", model: drawn, maxBatch })).toThrow(
      expect.objectContaining({ code: "config" }),
    );
  }
});

async function firstOf(
  engine: Engine,
  one: GenerationCall,
): Promise<{ readonly iterator: AsyncIterator<GenerationChunk>; readonly chunk: GenerationChunk }> {
  const iterator = engine.stream?.(one)[Symbol.asyncIterator]();
  if (iterator === undefined) throw new Error("no stream");
  const step = await iterator.next();
  if (step.done === true) throw new Error("no chunk");
  return { iterator, chunk: step.value };
}
