import {
  createKeyValueCache,
  embedTokens,
  finalNorm,
  type KeyValueCache,
  type LanguageModel,
  type LoraRows,
  logitsOf,
  loraSamplesOf,
  packSequences,
  type RunLayersOptions,
  runLayers,
} from "@haps/language-model";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { referenceLogits } from "./reference-decoder.ts";
import { drawTokens, smallLora, smallModel, smallShapes } from "./small-models.ts";

const TOLERANCE = { rtol: 1e-4, atol: 1e-4 };

/** Logits of every packed row, as plain rows. */
function logitRows(model: LanguageModel, tokens: ArrayLike<number>, options: RunLayersOptions): Float32Array[] {
  const logits = tf.tidy(() =>
    logitsOf(model, finalNorm(model, runLayers(model, embedTokens(model, tokens), options))),
  );
  const values = logits.dataSync<"float32">();
  const width = model.config.vocabulary;
  logits.dispose();
  return Array.from(tokens, (_, row) => values.slice(row * width, (row + 1) * width));
}

function packed(model: LanguageModel, sequences: readonly number[][], lora?: readonly LoraRows[]): Float32Array[] {
  const { tokens, positions, segments } = packSequences(sequences);
  return logitRows(model, tokens, { positions, segments, ...(lora === undefined ? {} : { lora }) });
}

/** Feeds the next tokens of one sequence and keeps their keys and values. */
function feed(model: LanguageModel, cache: KeyValueCache, tokens: readonly number[]): Float32Array[] {
  const rows = logitRows(model, tokens, {
    positions: tokens.map((_, index) => cache.length + index),
    segments: [{ start: 0, length: tokens.length }],
    past: (layer) => cache.past(layer),
    onKeyValues: (layer, fused) => {
      cache.append(layer, fused, 0, tokens.length);
    },
  });
  cache.commit(tokens.length);
  return rows;
}

describeEachBackend("the decoder", () => {
  for (const [name, shape] of Object.entries(smallShapes)) {
    describe(name, () => {
      it("gives the logits of the formulas, in float64, for sequences packed together", () => {
        const model = smallModel(shape, 1);
        const sequences = [7, 1, 11].map((length, index) => drawTokens(model, length, 10 + index));
        const expected = sequences.flatMap((sequence) => referenceLogits(model, sequence));
        packed(model, sequences).forEach((row, index) => {
          expectClose(row, expected[index] as number[], TOLERANCE);
        });
        model.dispose();
      });

      it("adds each row's own low-rank updates, as if they were merged into the weights", () => {
        const model = smallModel(shape, 2);
        const sequences = [6, 4, 5].map((length, index) => drawTokens(model, length, 20 + index));
        const weights = [smallLora(model, 1), undefined, smallLora(model, 2)];
        const groups = loraSamplesOf(weights, model.config);
        const callOf = sequences.flatMap((sequence, call) => sequence.map(() => call));
        const lora = groups.map(({ factors, sampleOf }) => ({
          factors,
          sampleOf: callOf.map((call) => sampleOf[call] as number),
        }));
        const expected = sequences.flatMap((sequence, call) => referenceLogits(model, sequence, weights[call]));
        const got = packed(model, sequences, lora);
        got.forEach((row, index) => {
          expectClose(row, expected[index] as number[], TOLERANCE);
        });
        // A row without a sample goes through the base weights alone.
        expect(got.slice(6, 10)).toEqual(packed(model, sequences).slice(6, 10));
        tf.dispose(groups.map(({ factors }) => factors.targets.flatMap(({ down, up }) => [down, up])));
        model.dispose();
      });

      it.each([false, true])("continues a cache as the whole sequence goes, to rounding; native: %s", (native) => {
        const model = smallModel(shape, 3);
        const tokens = drawTokens(model, 13, 30);
        const cache = createKeyValueCache(model.config, 4, { native });
        const inParts = [tokens.slice(0, 6), ...tokens.slice(6).map((token) => [token])].flatMap((part) =>
          feed(model, cache, part),
        );
        const whole = packed(model, [tokens]);
        expect(cache.length).toBe(13);
        cache.dispose();
        inParts.forEach((row, index) => {
          expectClose(row, whole[index] as Float32Array, TOLERANCE);
        });
        model.dispose();
      });

      it("lets continuations share what comes before them", () => {
        const model = smallModel(shape, 4);
        const [prefix, middle, left, right] = [4, 3, 2, 3].map((length, index) =>
          drawTokens(model, length, 40 + index),
        ) as [number[], number[], number[], number[]];
        const tokens = [...prefix, ...middle, ...left, ...right];
        const rows = logitRows(model, tokens, {
          positions: [0, 1, 2, 3, 4, 5, 6, 7, 8, 4, 5, 6],
          segments: [
            { start: 0, length: 4 },
            { start: 4, length: 3, ancestors: [0] },
            { start: 7, length: 2, ancestors: [0, 1] },
            { start: 9, length: 3, ancestors: [0] },
          ],
        });
        const long = referenceLogits(model, [...prefix, ...middle, ...left]);
        const short = referenceLogits(model, [...prefix, ...right]);
        [...long, ...short.slice(4)].forEach((row, index) => {
          expectClose(rows[index] as Float32Array, row, TOLERANCE);
        });
        model.dispose();
      });
    });
  }

  it("gives the same rows when the layers are run in two goes", () => {
    const model = smallModel(smallShapes["llama with grouped queries and scaled rotation"]!, 5);
    const { tokens, positions, segments } = packSequences([drawTokens(model, 5, 50)]);
    tf.tidy(() => {
      const x = embedTokens(model, tokens);
      const half = runLayers(model, x, { positions, segments, to: 1 });
      const rest = runLayers(model, half, { positions, segments, from: 1 });
      expect(rest.dataSync()).toEqual(runLayers(model, x, { positions, segments }).dataSync());
    });
    model.dispose();
  });

  it("forgets what a truncated cache held", () => {
    const model = smallModel(smallShapes["mistral with a window and all biases"]!, 6);
    const tokens = drawTokens(model, 9, 60);
    const cache = createKeyValueCache(model.config);
    feed(model, cache, tokens.slice(0, 4));
    const before = feed(model, cache, tokens.slice(4));
    cache.truncate(4);
    expect(cache.length).toBe(4);
    expect(feed(model, cache, tokens.slice(4))).toEqual(before);
    expect(() => cache.truncate(10)).toThrow(expect.objectContaining({ code: "state" }));
    expect(() => cache.past(2)).toThrow(expect.objectContaining({ code: "state" }));
    model.dispose();
  });

  it("leaves no tensor behind", () => {
    const model = smallModel(smallShapes["qwen2 with biases and tied embeddings"]!, 7);
    const { tokens, positions, segments } = packSequences([drawTokens(model, 3, 70), drawTokens(model, 2, 71)]);
    expectNoTensorLeak(() => {
      const x = embedTokens(model, tokens);
      const rows = runLayers(model, x, { positions, segments });
      const hidden = finalNorm(model, rows);
      return [x, rows, hidden, logitsOf(model, hidden), logitsOf(model, hidden, { trainable: true })];
    });
    model.dispose();
  });

  it("refuses an empty sequence", () => {
    expect(() => packSequences([[1], []])).toThrow(expect.objectContaining({ code: "data", facts: { index: 1 } }));
  });
});
