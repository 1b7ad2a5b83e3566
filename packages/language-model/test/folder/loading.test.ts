import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng, loadBackend } from "@haps/tensor";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  countParameters,
  createLanguageModel,
  estimateMemory,
  type LoadProgress,
  loadLanguageModel,
  resolveModelConfig,
  saveLanguageModel,
} from "../../src/index.ts";

const folder = join(import.meta.dirname, "../fixtures/models/llama");
const shape = { family: "llama", vocabulary: 16, dim: 8, layers: 1, heads: 2, hidden: 8, context: 32 } as const;
let parent: string;

beforeAll(() => loadBackend(["wasm"]));

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "loading-"));
});

afterEach(() => rm(parent, { recursive: true }));

describe("loadLanguageModel", () => {
  it("tells how far it is, up to the last byte", async () => {
    const seen: LoadProgress[] = [];
    (await loadLanguageModel(folder, { onProgress: (progress) => seen.push(progress) })).dispose();
    expect(seen[0]?.tensor).toBe("model.embed_tokens.weight");
    expect(seen.at(-1)?.bytes).toBe(seen.at(-1)?.totalBytes);
    expect(seen.at(-1)?.totalBytes).toBe(4 * 12_792);
    expect(seen.map(({ bytes }) => bytes)).toEqual(seen.map(({ bytes }) => bytes).sort((a, b) => a - b));
  });

  it("stops when its signal fires", async () => {
    const controller = new AbortController();
    const loading = loadLanguageModel(folder, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(loading).rejects.toMatchObject({ code: "aborted" });
  });

  it("refuses a model that does not fit, with the sizes, before it reads a weight", async () => {
    await rm(parent, { recursive: true });
    const big = createLanguageModel({ ...shape, rng: createRng(1) });
    await saveLanguageModel(big, parent);
    big.dispose();
    await rm(join(parent, "model.safetensors"));
    const loading = loadLanguageModel(parent, { memory: { bytes: 1000, reason: "the limit of this test" } });
    await expect(loading).rejects.toMatchObject({ code: "backend", facts: { limit: 1000, parameters: 728 } });
    await expect(loading).rejects.toThrow(/needs .* GB.*the limit of this test/);
  });
});

describe("estimateMemory", () => {
  it("counts weights, packed copies, a tied head and the cache of a published size", () => {
    // Llama-3.2-1B: 1,235,814,400 parameters with tied embeddings, by its model card.
    const config = resolveModelConfig({
      family: "llama",
      vocabulary: 128_256,
      dim: 2048,
      layers: 16,
      heads: 32,
      keyValueHeads: 8,
      headDim: 64,
      hidden: 8192,
      tiedEmbeddings: true,
      context: 1024,
    });
    expect(countParameters(config)).toBe(1_235_814_400);
    const estimate = estimateMemory(config);
    expect(estimate.weights).toBe(4 * 1_235_814_400);
    expect(estimate.copies - estimate.weights).toBe(4 * 128_256 * 2048);
    expect(estimate.cachePerSequence).toBe(4 * 16 * 2 * 8 * 64 * 1024);
  });
});

describe("saveLanguageModel", () => {
  it("does not replace a folder that is not empty, unless it may, and leaves nothing beside it", async () => {
    const target = join(parent, "model");
    const model = createLanguageModel({ ...shape, rng: createRng(1) });
    await saveLanguageModel(model, target);
    await writeFile(join(target, "notes.txt"), "mine");
    await expect(saveLanguageModel(model, target)).rejects.toMatchObject({ code: "state" });
    expect(await readdir(target)).toContain("notes.txt");
    await saveLanguageModel(model, target, { overwrite: true });
    expect(await readdir(target)).toEqual(["config.json", "model.safetensors"]);
    expect(await readdir(parent)).toEqual(["model"]);
    model.dispose();
  });

  it("refuses a shape that the family's own implementation cannot compute", async () => {
    const model = createLanguageModel({ ...shape, slidingWindow: 4, rng: createRng(1) });
    await expect(saveLanguageModel(model, join(parent, "model"))).rejects.toThrow(/llama has no sliding window/);
    expect(await readdir(parent)).toEqual([]);
    model.dispose();
  });

  it("stores halves when asked, and refuses what they cannot hold", async () => {
    const model = createLanguageModel({ ...shape, rng: createRng(1) });
    await saveLanguageModel(model, join(parent, "half"), { dtype: "bf16" });
    const half = await loadLanguageModel(join(parent, "half"));
    const original = model.variables.get("embedding").dataSync();
    half.variables
      .get("embedding")
      .dataSync()
      .forEach((value, index) => {
        const exact = original[index] as number;
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.abs(exact) * 2 ** -8);
      });
    half.dispose();
    model.variables.get("norm/gain").assign(model.variables.get("norm/gain").mul(1e6));
    await expect(saveLanguageModel(model, join(parent, "f16"), { dtype: "f16" })).rejects.toMatchObject({
      code: "non-finite",
    });
    model.dispose();
  });
});
