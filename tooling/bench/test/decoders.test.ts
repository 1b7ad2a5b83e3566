import { createHapsDecoder, createStockDecoder, DECODER_SIZES, type DecoderSizes, makeDecoderBatch } from "@haps/bench";
import { loadBackend } from "@haps/tensor";
import { expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it } from "vitest";

const SMALL: DecoderSizes = { vocabulary: 11, dim: 8, heads: 2, layers: 2, hidden: 6, batch: 3, tokens: 5 };

beforeAll(async () => {
  await loadBackend(["wasm"]);
});

describe("the two decoders of the benchmark", () => {
  it("lose the same, step after step", () => {
    const batch = makeDecoderBatch(SMALL, 3);
    const haps = createHapsDecoder(SMALL, 4);
    const stock = createStockDecoder(SMALL, 4);
    const pairs = Array.from({ length: 6 }, () => [haps.step(batch), stock.step(batch)] as const);
    // The optimisers differ in where they round, which grows from step to step.
    pairs.forEach(([ours, theirs], step) => {
      expectClose(ours, theirs, { rtol: step === 0 ? 1e-6 : 1e-4 });
    });
    expect(pairs.at(-1)?.[0]).toBeLessThan((pairs[0]?.[0] as number) - 0.01);
    haps.dispose();
    stock.dispose();
  });

  it("have as many parameters as the architecture names", () => {
    const haps = createHapsDecoder(DECODER_SIZES, 1);
    const stock = createStockDecoder(DECODER_SIZES, 1);
    expect(haps.parameters).toBe(490_112);
    expect(stock.parameters).toBe(haps.parameters);
    haps.dispose();
    stock.dispose();
  });

  it("leave no tensor behind", () => {
    const before = tf.memory().numTensors;
    for (const create of [createHapsDecoder, createStockDecoder]) {
      const decoder = create(SMALL, 4);
      const batch = makeDecoderBatch(SMALL, 3);
      decoder.step(batch);
      const during = tf.memory().numTensors;
      decoder.step(batch);
      expect(tf.memory().numTensors).toBe(during);
      decoder.dispose();
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});
