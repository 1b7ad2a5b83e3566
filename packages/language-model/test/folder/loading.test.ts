import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRng, loadBackend, readSafetensors, readVariables } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  assertFits,
  countParameters,
  createLanguageModel,
  estimateMemory,
  type LoadProgress,
  loadLanguageModel,
  memoryLimit,
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
    const before = tf.memory().numTensors;
    const loading = loadLanguageModel(folder, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(loading).rejects.toMatchObject({ code: "aborted" });
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses a model that does not fit, with the sizes, before it reads a weight", async () => {
    await rm(parent, { recursive: true });
    const big = createLanguageModel({ ...shape, rng: createRng(1) });
    await saveLanguageModel(big, parent);
    big.dispose();
    await rm(join(parent, "model.safetensors"));
    const loading = loadLanguageModel(parent, { memory: { bytes: 1000, reason: "the limit of this test" } });
    await expect(loading).rejects.toMatchObject({ code: "backend", facts: { limit: 1000, parameters: 728 } });
    await expect(loading).rejects.toThrow(
      "the model has 728 parameters and needs 5.84 KiB (weights 2.84 KiB, copies 2.34 KiB, while loading 5.84 KiB; " +
        "each full context of 32 tokens takes 2 KiB more); there are 1000 bytes (the limit of this test); use a smaller model",
    );
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
    // The embedding is the largest weight on its way.
    expect(estimate.loading - estimate.weights).toBe(4 * 4 * 128_256 * 2048);
    const untied = estimateMemory({ ...config, tiedEmbeddings: false });
    expect(untied.weights - untied.copies).toBe(4 * 128_256 * 2048);
  });

  it("takes no longer for sizes that no machine holds", () => {
    const config = resolveModelConfig({ ...shape, layers: 2 ** 40 });
    // Per layer: two gains, query, key, value and output, and three maps of the feed-forward layer, all 8 x 8.
    expect(countParameters(config)).toBe(2 * 16 * 8 + 8 + 2 ** 40 * (2 * 8 + 7 * 64));
    expect(() => assertFits("m", config, memoryLimit())).toThrow(
      /^m: the model has \d+ billion parameters and needs \d+ GiB/,
    );
  });

  it("says sizes in words that people know", () => {
    const sizes = { layers: 28, heads: 24, keyValueHeads: 8, headDim: 128, tiedEmbeddings: true, context: 131_072 };
    const config = resolveModelConfig({ ...shape, ...sizes, vocabulary: 128_256, dim: 3072, hidden: 8192 });
    const limit = { bytes: 4_200_000, reason: "nearly nothing" };
    // Llama-3.2-3B: 3.21 billion parameters, by its model card; 2 bytes of 16 bits per number of its cache would be 14 GiB.
    expect(() => assertFits("m", config, limit)).toThrow(
      /^m: the model has 3\.21 billion parameters and needs 25\.4 GiB \(weights 12 GiB, .* takes 28 GiB more\); there are 4\.01 MiB/,
    );
  });

  it("counts on wasm what tensors leave of 4 GiB, and never more than the machine has free", () => {
    const free = vi.spyOn(process, "availableMemory").mockReturnValue(2 ** 40);
    try {
      const before = memoryLimit();
      expect(before.reason).toMatch(/left of the 4 GiB/);
      const held = tf.zeros([1000]);
      expect(before.bytes - memoryLimit().bytes).toBe(4000);
      held.dispose();
      free.mockReturnValue(5000);
      expect(memoryLimit()).toEqual({ bytes: 5000, reason: "free memory of this machine" });
    } finally {
      free.mockRestore();
    }
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

  it("gives the same weights bit for bit after loading, and keeps the caller's metadata", async () => {
    const model = createLanguageModel({ ...shape, initialDeviation: 1e-3, tiedEmbeddings: true, rng: createRng(3) });
    const target = join(parent, "model");
    await saveLanguageModel(model, target, { metadata: { note: "mine" }, shardBytes: 256 });
    const again = await loadLanguageModel(target);
    expect(readVariables(again.variables)).toEqual(readVariables(model.variables));
    expect(again.config).toEqual(model.config);
    for (const file of (await readdir(target)).filter((name) => name.endsWith(".safetensors"))) {
      expect(readSafetensors(await readFile(join(target, file))).metadata).toEqual({ format: "pt", note: "mine" });
    }
    model.dispose();
    again.dispose();
  });

  it("never replaces a folder that holds something else, nor a model that it fails to replace", async () => {
    const model = createLanguageModel({ ...shape, rng: createRng(1) });
    const other = join(parent, "thesis");
    await mkdir(other);
    await writeFile(join(other, "thesis.tex"), "mine");
    await expect(saveLanguageModel(model, other, { overwrite: true })).rejects.toThrow(/thesis: holds other files/);
    await expect(saveLanguageModel(model, join(other, "thesis.tex"))).rejects.toThrow(/thesis\.tex: is no folder/);
    expect(await readdir(other)).toEqual(["thesis.tex"]);

    const target = join(parent, "model");
    await saveLanguageModel(model, target);
    const before = await readFile(join(target, "model.safetensors"));
    const gain = model.variables.get("norm/gain");
    gain.assign(gain.mul(Number.POSITIVE_INFINITY));
    const saving = saveLanguageModel(model, target, { overwrite: true });
    await expect(saving).rejects.toMatchObject({ code: "non-finite", facts: { name: "norm/gain" } });
    expect((await readFile(join(target, "model.safetensors"))).equals(before)).toBe(true);
    expect((await readdir(parent)).sort()).toEqual(["model", "thesis"]);
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
