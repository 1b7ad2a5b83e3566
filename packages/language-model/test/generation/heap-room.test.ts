import { decodeTokens, generateTokens, type LanguageModel, type TokenRequest } from "@haps/language-model";
import { loadBackend } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { smallLora, smallModel, smallShapes } from "../decoder/small-models.ts";

/** The part of the wasm backend through which JavaScript takes and gives back room. */
interface WasmRoom {
  _malloc: (bytes: number) => number;
  _free: (address: number) => void;
}

/** Addresses that were taken and not given back. */
const taken = new Set<number>();
let restore: () => void;
let model: LanguageModel;

describe("room for keys and values in the wasm heap", () => {
  beforeAll(() => loadBackend(["wasm"]));

  beforeEach(async () => {
    const small = smallModel(Object.values(smallShapes)[0]!, 1);
    model = { ...small, config: { ...small.config, endTokens: [] } };
    await generateTokens(model, [request]); // what the model makes once and keeps
    const { wasm } = tf.backend() as unknown as { readonly wasm: WasmRoom };
    const { _malloc: malloc, _free: free } = wasm;
    taken.clear();
    wasm._malloc = (bytes) => {
      const address = malloc(bytes);
      taken.add(address >>> 0);
      return address;
    };
    wasm._free = (address) => {
      taken.delete(address >>> 0);
      free(address);
    };
    restore = () => Object.assign(wasm, { _malloc: malloc, _free: free });
  });

  afterEach(() => {
    restore();
    model.dispose();
  });

  const request: TokenRequest = { prompt: [1, 2], decoding: { maxTokens: 5, temperature: 1 }, seed: 1 };

  it("is held while a sequence is under way, and is no tensor", async () => {
    const before = tf.memory().numTensors;
    const held: number[] = [];
    for await (const [event] of decodeTokens(model, [request])) {
      if (event !== undefined && !("finishReason" in event)) held.push(taken.size - tf.memory().numTensors + before);
    }
    expect(held).toEqual(new Array(4).fill(2 * model.config.layers)); // keys and values of each layer
    expect(taken.size).toBe(0);
  });

  it("is given back at each end: of a batch, of a longer sequence whose room has grown, of failures, early returns and aborts", async () => {
    const lora = smallLora(model, 1);
    const long = { ...request, decoding: { maxTokens: model.config.context } };
    await generateTokens(model, [request, { ...request, seed: 2, lora }, long]);
    expect(taken.size).toBe(0);
    await generateTokens(model, [
      request,
      { ...request, prompt: [99] },
      { ...request, lora: { ...lora, scale: 1e38 } },
    ]);
    expect(taken.size).toBe(0);
    for await (const _ of decodeTokens(model, [request, long])) break;
    expect(taken.size).toBe(0);
    const controller = new AbortController();
    const onStep = (): void => controller.abort();
    await expect(generateTokens(model, [request], { signal: controller.signal, onStep })).rejects.toThrow("aborted");
    expect(taken.size).toBe(0);
  });

  it("is given back where it runs out, and the call without room fails alone", async () => {
    const { wasm } = tf.backend() as unknown as { readonly wasm: WasmRoom };
    const { _malloc: counted } = wasm;
    // A prompt of its own length tells the room of its cache from all other.
    const greedy = { ...request, prompt: new Array<number>(40).fill(3) };
    const bytes = 4 * (40 + 5) * model.config.keyValueHeads * model.config.headDim;
    let asked = 0;
    wasm._malloc = (size) => {
      if (size === bytes) asked += 1;
      return size === bytes && asked === 3 ? 0 : counted(size);
    };
    const [first, second] = await generateTokens(model, [request, greedy]);
    expect(asked).toBe(3);
    expect(first?.ok).toBe(true);
    expect(second).toMatchObject({ ok: false, failure: { code: "backend" } });
    expect(taken.size).toBe(0);
  });
});
