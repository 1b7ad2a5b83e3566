import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError, HapsError } from "@haps/spec";
import { loadBackend, type NamedArray, readSafetensors, writeSafetensors } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadLanguageModel } from "../../src/index.ts";

const fixtures = join(import.meta.dirname, "../fixtures/models");
let parent: string;

beforeAll(() => loadBackend(["wasm"]));

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "damaged-"));
});

afterEach(() => rm(parent, { recursive: true }));

/** A copy of a fixture to damage. */
async function copyOf(name: string): Promise<string> {
  const folder = join(parent, name);
  await cp(join(fixtures, name), folder, { recursive: true });
  return folder;
}

/** Bytes of a file with this header and no data. */
function headerOnly(text: string, length = BigInt(Buffer.byteLength(text))): Buffer {
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(length);
  return Buffer.concat([start, Buffer.from(text)]);
}

/** Writes the weights of a folder anew after a change. */
async function change(folder: string, edit: (arrays: Map<string, NamedArray>) => void, file = "model.safetensors") {
  const path = join(folder, file);
  const arrays = new Map(readSafetensors(await readFile(path)).arrays);
  edit(arrays);
  await writeFile(path, writeSafetensors(arrays));
}

async function failure(folder: string): Promise<HapsError> {
  const before = tf.memory().numTensors;
  const error = await loadLanguageModel(folder).then(
    (model) => {
      model.dispose();
      return undefined;
    },
    (reason: unknown) => reason,
  );
  expect(tf.memory().numTensors).toBe(before);
  expect(HapsError.isInstance(error)).toBe(true);
  return error as HapsError;
}

describe("a folder that is damaged", () => {
  it.each([
    [
      "a missing tensor",
      (arrays: Map<string, NamedArray>) => arrays.delete("model.norm.weight"),
      /model\.norm\.weight.*missing/,
    ],
    [
      "a tensor too many",
      (arrays: Map<string, NamedArray>) => arrays.set("model.extra", { shape: [1], values: new Float32Array(1) }),
      /model\.safetensors.*"model\.extra".*no weight of this model/,
    ],
    [
      "a tensor of another shape",
      (arrays: Map<string, NamedArray>) =>
        arrays.set("model.norm.weight", { shape: [23], values: new Float32Array(23) }),
      /"model\.norm\.weight".*shape \[23\].*\[24\]/,
    ],
    [
      "a weight that is not finite",
      (arrays: Map<string, NamedArray>) => {
        (arrays.get("model.layers.1.mlp.up_proj.weight") as NamedArray).values[5] = Number.NaN;
      },
      /"model\.layers\.1\.mlp\.up_proj\.weight".*NaN at position 5/,
    ],
  ])("is refused for %s, by name", async (_name, edit, message) => {
    const folder = await copyOf("llama");
    await change(folder, edit);
    const error = await failure(folder);
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(message);
  });

  it("is refused without a configuration or weights, with the path", async () => {
    const folder = await copyOf("llama");
    await rm(join(folder, "model.safetensors"));
    expect((await failure(folder)).message).toContain(join(folder, "model.safetensors"));
    await rm(join(folder, "config.json"));
    expect((await failure(folder)).message).toContain(`${join(folder, "config.json")}: is missing`);
    expect((await failure(join(parent, "nowhere"))).message).toContain("is missing");
  });

  it("is refused when a shard is missing, holds another's tensor, or lies outside the folder", async () => {
    const folder = await copyOf("mistral");
    const index = join(folder, "model.safetensors.index.json");
    const text = await readFile(index, "utf8");
    const content = JSON.parse(text) as { weight_map: Record<string, string> };
    const write = (map: Record<string, string>) => writeFile(index, JSON.stringify({ ...content, weight_map: map }));

    await write({ ...content.weight_map, "model.norm.weight": "../llama/model.safetensors" });
    expect((await failure(folder)).message).toMatch(/index\.json, field "model\.norm\.weight".*same folder/);
    const { "model.norm.weight": shard, ...rest } = content.weight_map;
    await write(rest);
    expect((await failure(folder)).message).toMatch(/"model\.norm\.weight".*expected in no file/);
    const other = Object.values(rest).find((file) => file !== shard) as string;
    await write({ ...rest, "model.norm.weight": other });
    expect((await failure(folder)).message).toMatch(/"model\.norm\.weight".*expected in .*safetensors/);
    await write({ ...content.weight_map, "model.ghost": other });
    expect((await failure(folder)).message).toMatch(/"model\.ghost".*is missing, though .*index\.json lists it/);
    await writeFile(index, text);
    await rm(join(folder, other));
    expect((await failure(folder)).message).toContain(join(folder, other));
    await writeFile(index, "{}");
    expect((await failure(folder)).message).toMatch(/weight_map/);
  });

  it("accepts a stored head that repeats a tied embedding, and stored rotary frequencies, but no other head", async () => {
    const folder = await copyOf("qwen2");
    await change(folder, (arrays) => {
      arrays.set("lm_head.weight", arrays.get("model.embed_tokens.weight") as NamedArray);
      arrays.set("model.layers.0.self_attn.rotary_emb.inv_freq", { shape: [3], values: new Float32Array(3) });
    });
    (await loadLanguageModel(folder)).dispose();
    await change(folder, (arrays) => {
      const { shape, values } = arrays.get("lm_head.weight") as NamedArray;
      arrays.set("lm_head.weight", { shape, values: values.map((value, index) => (index === 7 ? value + 1 : value)) });
    });
    expect((await failure(folder)).message).toMatch(/"lm_head\.weight".*differs from the embedding/);
  });

  it("is refused at whatever byte the weights end", async () => {
    const folder = await copyOf("llama");
    const path = join(folder, "model.safetensors");
    const whole = await readFile(path);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (size) => {
        await writeFile(path, whole);
        await truncate(path, size);
        expect((await failure(folder)).message).toContain(path);
      }),
      { seed: 5, numRuns: 60, examples: [[0], [7], [8], [9], [whole.length - 1]] },
    );
  });

  it("is refused or the same model when bytes of the header are flipped", async () => {
    const folder = await copyOf("llama");
    const path = join(folder, "model.safetensors");
    const whole = await readFile(path);
    const header = 8 + Number(whole.readBigUInt64LE(0));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: header - 1 }), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] as number) ^ bits;
        await writeFile(path, bytes);
        const error = await loadLanguageModel(folder).then(
          (model) => model.dispose(),
          (reason: unknown) => reason,
        );
        if (error !== undefined) expect((error as Error).message).toContain(folder);
        expect(error === undefined || HapsError.isInstance(error)).toBe(true);
      }),
      { seed: 6, numRuns: 150 },
    );
  });

  it("is refused at whatever byte its small files end", async () => {
    const folder = await copyOf("mistral");
    for (const file of ["config.json", "generation_config.json", "model.safetensors.index.json"]) {
      const path = join(folder, file);
      const whole = (await readFile(path, "utf8")).trimEnd();
      for (let end = 0; end < whole.length; end += 29) {
        await writeFile(path, whole.slice(0, end));
        const { message } = await failure(folder);
        expect(message).toContain(path);
      }
      await writeFile(path, whole);
    }
    (await loadLanguageModel(folder)).dispose();
  });

  it("is refused for a header of any JSON, by the file's name", async () => {
    const folder = await copyOf("llama");
    const path = join(folder, "model.safetensors");
    const numbers = fc.oneof(fc.nat(100), fc.maxSafeInteger(), fc.double());
    const entry = fc.record({
      dtype: fc.constantFrom("F32", "BF16", "I64", "f32", "", null),
      shape: fc.oneof(fc.array(numbers, { maxLength: 4 }), fc.jsonValue()),
      data_offsets: fc.oneof(fc.tuple(numbers, numbers), fc.jsonValue()),
    });
    const names = fc.oneof(fc.constantFrom("model.norm.weight", "__metadata__", "__proto__"), fc.string());
    const header = fc.oneof(fc.jsonValue(), fc.dictionary(names, fc.oneof(entry, fc.jsonValue())));
    await fc.assert(
      fc.asyncProperty(header, async (value) => {
        await writeFile(path, headerOnly(JSON.stringify(value)));
        // An empty header is a file without tensors: then the folder lacks them.
        expect((await failure(folder)).message).toContain(folder);
      }),
      { seed: 8, numRuns: 200 },
    );
  });

  it("allocates nothing for a header that claims more than there is", async () => {
    const folder = await copyOf("llama");
    const path = join(folder, "model.safetensors");
    const entry = { dtype: "F32", shape: [2 ** 40, 8], data_offsets: [0, 2 ** 45] };
    const header = JSON.stringify({ "model.norm.weight": entry });
    const before = process.memoryUsage().arrayBuffers;
    await writeFile(path, headerOnly(header));
    expect((await failure(folder)).message).toMatch(/ends at byte \d+ of the data; the file holds 0/);
    await writeFile(path, headerOnly(header, 2n ** 63n));
    expect((await failure(folder)).message).toMatch(/the header has 9223372036854775808 bytes/);
    await writeFile(path, headerOnly("[".repeat(200_000)));
    expect((await failure(folder)).message).toMatch(/model\.safetensors: the header begins with "\["/);
    await writeFile(path, headerOnly(`{"a":${"[".repeat(200_000)}`));
    expect((await failure(folder)).message).toMatch(/model\.safetensors: the header is nested too deeply/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 22);
  });

  it("is refused for weights in another format, a folder in place of a file, or a pipe", async () => {
    const folder = await copyOf("llama");
    const path = join(folder, "model.safetensors");
    await rm(path);
    await writeFile(join(folder, "pytorch_model.bin"), "");
    expect((await failure(folder)).message).toMatch(/is missing; .*not from "pytorch_model\.bin"; convert/);
    await mkdir(path);
    expect((await failure(folder)).message).toContain(`${path}: is no file`);
    if (process.platform === "win32") return;
    await rm(path, { recursive: true });
    execFileSync("mkfifo", [path]);
    expect((await failure(folder)).message).toContain(`${path}: is no file`);
  });
});
