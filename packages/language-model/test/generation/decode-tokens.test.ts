import {
  decodeTokens,
  embedTokens,
  finalNorm,
  generateTokens,
  type LanguageModel,
  logitsOf,
  packSequences,
  runLayers,
  type TokenEvent,
  type TokenGeneration,
  type TokenRequest,
} from "@haps/language-model";
import type { Settled } from "@haps/spec";
import { createRng } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { referenceLogits, referenceLogSoftmax } from "../decoder/reference-decoder.ts";
import { drawTokens, smallLora, smallModel, smallShapes } from "../decoder/small-models.ts";

const [llama] = Object.values(smallShapes);
const shapeNames = Object.keys(smallShapes);

function generationOf(settled: Settled<TokenGeneration> | undefined): TokenGeneration {
  if (settled?.ok !== true) throw new Error(`expected a generation: ${JSON.stringify(settled)}`);
  return settled.value;
}

const endingAt = (model: LanguageModel, ...endTokens: number[]): LanguageModel => ({
  ...model,
  config: { ...model.config, endTokens },
});

/** Requests of every kind: lengths, settings, ends and LoRA weights drawn from one seed. */
function drawRequests(model: LanguageModel, count: number, seed: number): TokenRequest[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, (_, index): TokenRequest => {
    const own = rng.fork(`${index}`);
    const projections = own.choice([1, 1]) === 0 ? (["o"] as const) : undefined;
    const lora = smallLora(model, own.integer(1000), projections === undefined ? {} : { projections, layers: [1] });
    return {
      prompt: drawTokens(model, 1 + own.integer(9), own.integer(1000)),
      decoding: {
        maxTokens: 1 + own.integer(7),
        temperature: [0, 0.7, 1.3][own.integer(3)] as number,
        ...(own.integer(3) === 0 ? { topK: 4 } : {}),
        ...(own.integer(3) === 0 ? { topP: 0.8 } : {}),
      },
      seed: own.integer(1000),
      ...(own.integer(2) === 0 ? { lora } : {}),
    };
  });
}

describeEachBackend("generation of tokens", () => {
  it("gives a request the same bits alone, in any batch and in any order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...shapeNames),
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 2, max: 9 }),
        async (name, seed, count) => {
          const model = smallModel(smallShapes[name] as typeof llama & object, seed);
          const requests = drawRequests(model, count, seed);
          const together = await generateTokens(model, requests);
          const order = createRng(seed).shuffle(requests.map((_, index) => index));
          const shuffled = await generateTokens(
            model,
            order.map((index) => requests[index] as TokenRequest),
          );
          expect(order.map((index) => together[index])).toEqual(shuffled);
          for (const [index, request] of requests.entries()) {
            expect(await generateTokens(model, [request])).toEqual([together[index]]);
          }
          model.dispose();
        },
      ),
      { seed: 7, numRuns: 12 },
    );
  });

  it("gives the same bits in rows as wide as those of real models, whatever kernels the backend picks for few rows", async () => {
    const shape = { ...llama!, vocabulary: 67, dim: 144, heads: 4, headDim: 36, hidden: 200, layers: 1 };
    const model = endingAt(smallModel(shape, 5));
    const requests = drawRequests(model, 9, 55);
    const alone = await Promise.all(requests.map((request) => generateTokens(model, [request])));
    for (const count of [2, 3, 5, 9]) {
      const together = await generateTokens(model, requests.slice(0, count));
      expect(together).toEqual(alone.slice(0, count).flat());
    }
    model.dispose();
  });

  for (const [name, shape] of Object.entries(smallShapes)) {
    describe(name, () => {
      it("chooses greedily what a full pass without a cache chooses, with its log-probabilities", async () => {
        const model = endingAt(smallModel(shape, 11));
        const requests = [5, 1, 8].map((length, index): TokenRequest => {
          const lora = index === 1 ? { lora: smallLora(model, 5) } : {};
          return { prompt: drawTokens(model, length, 110 + index), decoding: { maxTokens: 9 }, seed: 1, ...lora };
        });
        const settled = await generateTokens(model, requests);
        for (const [index, { prompt, lora }] of requests.entries()) {
          const { tokens, logProbs, finishReason } = generationOf(settled[index]);
          expect(finishReason).toBe("length");
          expect(tokens).toHaveLength(9);
          const logits = referenceLogits(model, [...prompt, ...tokens], lora);
          for (const [step, token] of tokens.entries()) {
            const expected = referenceLogSoftmax(logits[prompt.length - 1 + step] as number[]);
            // A near tie may go either way in float32.
            expect(Math.max(...expected) - (expected[token] as number)).toBeLessThan(1e-4);
            expectClose(logProbs.full[step] as number, expected[token] as number, { rtol: 1e-5, atol: 1e-5 });
          }
          expect(logProbs.sampled).toEqual(tokens.map(() => 0));
        }
        model.dispose();
      });
    });
  }

  it("says the log-probability of each sampled token under the model", async () => {
    const model = endingAt(smallModel(llama!, 12));
    const prompt = drawTokens(model, 6, 120);
    const [settled] = await generateTokens(model, [{ prompt, decoding: { maxTokens: 20, temperature: 1 }, seed: 3 }]);
    const { tokens, logProbs } = generationOf(settled);
    const logits = referenceLogits(model, [...prompt, ...tokens]);
    const expected = tokens.map(
      (token, step) => referenceLogSoftmax(logits[prompt.length - 1 + step] as number[])[token] as number,
    );
    expectClose(logProbs.full, expected, { rtol: 0, atol: 1e-5 });
    // Nothing was cut off, so that the two distributions are one.
    expectClose(logProbs.sampled, logProbs.full, { rtol: 0, atol: 1e-6 });
    model.dispose();
  });

  it("ends with any of the model's end tokens, and keeps it among the tokens", async () => {
    const model = smallModel(llama!, 13);
    const request: TokenRequest = { prompt: [1, 2, 4], decoding: { maxTokens: 12, temperature: 1 }, seed: 4 };
    const { tokens } = generationOf((await generateTokens(endingAt(model), [request]))[0]);
    for (const ends of [[tokens[0]], [tokens[11], tokens[4]], [tokens[7]]] as number[][]) {
      const settled = await generateTokens(endingAt(model, ...ends), [request]);
      const last = tokens.findIndex((token) => ends.includes(token));
      expect(generationOf(settled[0])).toMatchObject({ tokens: tokens.slice(0, last + 1), finishReason: "eos" });
    }
    model.dispose();
  });

  it("stops after the token that the request says, but calls an end token an end", async () => {
    const model = smallModel(llama!, 14);
    const seen: number[] = [];
    const decoding = { maxTokens: 12, temperature: 1, stop: ["x"] };
    const request: TokenRequest = {
      prompt: [1],
      decoding,
      seed: 5,
      stopsAfter: (token) => seen.push(token) === 3,
    };
    const stopped = generationOf((await generateTokens(endingAt(model), [request]))[0]);
    expect(stopped).toMatchObject({ tokens: seen, finishReason: "stop" });
    expect(seen).toHaveLength(3);
    const always: TokenRequest = { ...request, stopsAfter: () => true };
    const ended = await generateTokens(endingAt(model, seen[0] as number), [always]);
    expect(generationOf(ended[0])).toMatchObject({ tokens: [seen[0]], finishReason: "eos" });
    model.dispose();
  });

  it("fills the context and no more", async () => {
    const model = endingAt(smallModel({ ...llama!, context: 10 }, 15));
    const decoding = { maxTokens: 50 };
    const [long, short, full] = await generateTokens(model, [
      { prompt: drawTokens(model, 9, 1), decoding, seed: 1 },
      { prompt: [1, 2], decoding, seed: 1 },
      { prompt: drawTokens(model, 10, 1), decoding, seed: 1 },
    ]);
    expect(generationOf(long)).toMatchObject({ finishReason: "length" });
    expect(generationOf(long).tokens).toHaveLength(1);
    expect(generationOf(short).tokens).toHaveLength(8);
    expect(full).toMatchObject({ ok: false, failure: { code: "data" } });
    model.dispose();
  });

  it("feeds long prompts in parts without changing a bit, however many go through at once", async () => {
    const model = endingAt(smallModel({ ...llama!, dim: 8, hidden: 8, context: 700 }, 16));
    const requests = [520, 3, 256, 257].map(
      (length, index): TokenRequest => ({
        prompt: drawTokens(model, length, 160 + index),
        decoding: { maxTokens: 3, temperature: 1 },
        seed: index,
      }),
    );
    const whole = await generateTokens(model, requests);
    for (const prefillRows of [1, 300]) expect(await generateTokens(model, requests, { prefillRows })).toEqual(whole);
    const { tokens, logProbs } = generationOf(whole[0]);
    const rows = packSequences([[...(requests[0] as TokenRequest).prompt, ...tokens]]);
    const logits = tf.tidy(() =>
      logitsOf(model, finalNorm(model, runLayers(model, embedTokens(model, rows.tokens), rows))),
    );
    const values = [...logits.dataSync()];
    const width = model.config.vocabulary;
    for (const [step, token] of tokens.entries()) {
      const row = values.slice((519 + step) * width, (520 + step) * width);
      expectClose(logProbs.full[step] as number, referenceLogSoftmax(row)[token] as number, { rtol: 0, atol: 1e-5 });
    }
    logits.dispose();
    model.dispose();
  });

  it("takes in waiting requests as others end, without changing a bit", async () => {
    const model = endingAt(smallModel(llama!, 24));
    const requests = drawRequests(model, 9, 24);
    const whole = await generateTokens(model, requests);
    for (const maxBatch of [1, 2, 4]) {
      const perStep: number[][] = [];
      const onStep = (events: readonly TokenEvent[]) => void perStep.push(events.map(({ request }) => request));
      expect(await generateTokens(model, requests, { maxBatch, onStep })).toEqual(whole);
      expect(Math.max(...perStep.map((step) => step.length))).toBe(maxBatch);
      const tokens = whole.map((settled) => generationOf(settled).tokens.length);
      // Nobody waits while there is room: the batch is full until the last request has joined.
      const joined = perStep.findIndex((step) => step.includes(8));
      expect(perStep.slice(0, joined + 1).every((step) => step.length === maxBatch)).toBe(true);
      expect(perStep.flat()).toHaveLength(tokens.reduce((sum, count) => sum + count, 0));
    }
    await expect(generateTokens(model, requests, { maxBatch: 0 })).rejects.toMatchObject({ code: "config" });
    model.dispose();
  });

  it("gives a request without LoRA weights, or with none in them, the bits of the base model among others that have some", async () => {
    const model = endingAt(smallModel(llama!, 17));
    const request: TokenRequest = { prompt: [7, 8], decoding: { maxTokens: 6 }, seed: 1 };
    const empty = { id: "none", scale: 1, targets: [] };
    const [alone] = await generateTokens(model, [request]);
    const mixed = await generateTokens(model, [
      { ...request, lora: smallLora(model, 1) },
      request,
      { ...request, lora: empty },
      { ...request, lora: smallLora(model, 2, { projections: ["v"] }) },
    ]);
    expect(mixed[1]).toEqual(alone);
    expect(mixed[2]).toEqual(alone);
    expect(mixed[0]).not.toEqual(alone);
    expect(mixed[3]).not.toEqual(alone);
    model.dispose();
  });

  it("lets a wrong request fail alone, by name", async () => {
    const model = endingAt(smallModel(llama!, 18));
    const good: TokenRequest = { prompt: [1], decoding: { maxTokens: 2 }, seed: 1 };
    const lora = smallLora(model, 1);
    const settled = await generateTokens(model, [
      { ...good, prompt: [] },
      { ...good, prompt: [1, 23] },
      good,
      { ...good, prompt: [1.5] },
      { ...good, decoding: { maxTokens: 0 } },
      { ...good, decoding: { maxTokens: 1, stop: ["end"] } },
      { ...good, seed: 0.5 },
      { ...good, lora: { ...lora, scale: Number.NaN } },
      {
        ...good,
        lora: {
          ...lora,
          targets: lora.targets.map((factors) => ({ ...factors, target: { ...factors.target, layer: 9 } })),
        },
      },
    ]);
    const codes = settled.map((entry) => (entry.ok ? "ok" : entry.failure.code));
    expect(codes).toEqual(["data", "data", "ok", "data", "config", "config", "config", "non-finite", "config"]);
    expect(settled[1]).toMatchObject({
      failure: { message: expect.stringMatching(/token 23 at position 1.* vocabulary of 23/) as string },
    });
    model.dispose();
  });

  it("lets a request whose logits are no numbers fail alone", async () => {
    const model = endingAt(smallModel(llama!, 19));
    const good: TokenRequest = { prompt: [1], decoding: { maxTokens: 2 }, seed: 1 };
    const huge = { ...smallLora(model, 1, { projections: ["o"] }), scale: 1e38 };
    const settled = await generateTokens(model, [{ ...good, lora: huge }, good]);
    expect(settled[0]).toMatchObject({ ok: false, failure: { code: "non-finite" } });
    expect(settled[1]).toEqual((await generateTokens(model, [good]))[0]);
    model.dispose();
  });

  it("hands out each token as it comes, and turns the event loop between steps", async () => {
    const model = endingAt(smallModel(llama!, 20));
    const decoding = { maxTokens: 4 };
    let turns = 0;
    const tick = (): void => {
      turns += 1;
      if (turns < 1000) immediate = setImmediate(tick);
    };
    let immediate = setImmediate(tick);
    const steps: (readonly TokenEvent[])[] = [];
    const turnsAt: number[] = [];
    const requests = [
      { prompt: [1], decoding, seed: 1 },
      { prompt: [2, 3], decoding: { maxTokens: 2 }, seed: 1 },
    ];
    const settled = await generateTokens(model, requests, {
      onStep: (events) => {
        steps.push(events);
        turnsAt.push(turns);
      },
    });
    clearImmediate(immediate);
    expect(steps.map((events) => events.map(({ request }) => request))).toEqual([[0, 1], [0, 1], [0], [0]]);
    expect(new Set(turnsAt).size).toBe(4);
    const first = steps.flatMap((events) => events.filter(({ request }) => request === 0));
    expect(first.map((event) => "token" in event && event.token)).toEqual(generationOf(settled[0]).tokens);
    expect(first.map((event) => "token" in event && event.finishReason)).toEqual([
      undefined,
      undefined,
      undefined,
      "length",
    ]);
    model.dispose();
  });

  it("ends with code aborted when the signal fires, before or between steps", async () => {
    const model = endingAt(smallModel(llama!, 21));
    const requests = [{ prompt: [1], decoding: { maxTokens: 40 }, seed: 1 }];
    const aborted = expect.objectContaining({ code: "aborted" }) as unknown;
    await expect(generateTokens(model, requests, { signal: AbortSignal.abort() })).rejects.toEqual(aborted);
    const controller = new AbortController();
    let steps = 0;
    const onStep = (): void => {
      steps += 1;
      if (steps === 3) controller.abort(new Error("enough"));
    };
    const run = generateTokens(model, requests, { signal: controller.signal, onStep });
    await expect(run).rejects.toMatchObject({ code: "aborted", cause: { message: "enough" } });
    expect(steps).toBe(3);
    model.dispose();
  });

  it("leaves no tensor behind: at the end, after an abort, a failure, an early return", async () => {
    const model = endingAt(smallModel(llama!, 22));
    const lora = smallLora(model, 1);
    const good: TokenRequest = { prompt: [1, 2], decoding: { maxTokens: 5, temperature: 1 }, seed: 1, lora };
    const bad: TokenRequest = { ...good, prompt: [99] };
    const broken: TokenRequest = { ...good, lora: { ...lora, scale: 1e38 } };
    const throwing: TokenRequest = {
      ...good,
      stopsAfter: () => {
        throw new TypeError("no call's fault");
      },
    };
    await generateTokens(model, [good]);
    const before = { tensors: tf.memory().numTensors, bytes: tf.memory().numBytes };
    const expectClean = (): void => {
      expect({ tensors: tf.memory().numTensors, bytes: tf.memory().numBytes }).toEqual(before);
    };
    await generateTokens(model, [good, bad, broken, { ...good, seed: 2 }]);
    expectClean();
    const controller = new AbortController();
    const onStep = (): void => {
      controller.abort();
    };
    await expect(generateTokens(model, [good], { signal: controller.signal, onStep })).rejects.toThrow("aborted");
    expectClean();
    await expect(generateTokens(model, [good, throwing])).rejects.toThrow(TypeError);
    expectClean();
    for await (const events of decodeTokens(model, [good])) {
      expect(events).toHaveLength(1);
      break;
    }
    expectClean();
    model.dispose();
  });

  it("has nothing to do for no requests", async () => {
    const model = smallModel(llama!, 23);
    expect(await generateTokens(model, [])).toEqual([]);
    model.dispose();
  });
});
