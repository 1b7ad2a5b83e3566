import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromPeftFiles, readPeftAdapter, toPeftFiles, writePeftAdapter } from "@haps/hypernetwork";
import type { LoraWeights } from "@haps/spec";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const WEIGHTS: LoraWeights = {
  id: "mine",
  scale: 0.5,
  targets: [
    {
      target: { layer: 1, projection: "o", in: 2, out: 3, rank: 1 },
      down: Float32Array.of(1, 2),
      up: Float32Array.of(3, 4, 5),
    },
  ],
};

const failure = (code: string, text: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as unknown }) as Error;

describe("adapter folders", () => {
  let root = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "haps-peft-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it("hold the two files and nothing else, in parents that are made, and read back", async () => {
    const folder = join(root, "adapters", "question-7");
    await writePeftAdapter(WEIGHTS, folder, { baseModel: "tiny", dtype: "bf16" });
    expect(await readdir(join(root, "adapters"))).toEqual(["question-7"]);
    expect((await readdir(folder)).sort()).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
    const files = toPeftFiles(WEIGHTS, { baseModel: "tiny", dtype: "bf16" });
    expect(new Uint8Array(await readFile(join(folder, "adapter_model.safetensors")))).toEqual(files.model);
    expect(await readPeftAdapter(folder, { id: "theirs" })).toEqual(fromPeftFiles(files, { id: "theirs" }));
  });

  it("may be empty before, but are never overwritten", async () => {
    await mkdir(join(root, "empty"));
    await writePeftAdapter(WEIGHTS, join(root, "empty"));
    const before = await readFile(join(root, "empty", "adapter_config.json"));
    await expect(writePeftAdapter(WEIGHTS, join(root, "empty"), { baseModel: "x" })).rejects.toThrow(
      failure("state", "is taken; give a new folder"),
    );
    await writeFile(join(root, "file"), "");
    await expect(writePeftAdapter(WEIGHTS, join(root, "file"))).rejects.toThrow(failure("state", "is taken"));
    expect(await readFile(join(root, "empty", "adapter_config.json"))).toEqual(before);
    expect((await readdir(root)).sort()).toEqual(["empty", "file"]);
  });

  it("of two writers at once keep one whole adapter and leave nothing beside it", async () => {
    const folder = join(root, "adapter");
    const results = await Promise.allSettled([writePeftAdapter(WEIGHTS, folder), writePeftAdapter(WEIGHTS, folder)]);
    const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    expect(errors).toEqual([failure("state", "is taken")]);
    expect((await readPeftAdapter(folder, { id: "mine" })).targets).toHaveLength(1);
    expect(await readdir(root)).toEqual(["adapter"]);
  });

  it("are not made for weights that are refused", async () => {
    await expect(writePeftAdapter({ ...WEIGHTS, targets: [] }, join(root, "a", "b"))).rejects.toThrow(
      failure("config", "have no targets"),
    );
    expect(await readdir(root)).toEqual([]);
  });

  it("name the file that is missing or broken", async () => {
    await expect(readPeftAdapter(join(root, "nothing"), { id: "x" })).rejects.toThrow(
      failure("data", "nothing/adapter_config.json: cannot be read"),
    );
    const folder = join(root, "cut");
    await writePeftAdapter(WEIGHTS, folder);
    const path = join(folder, "adapter_model.safetensors");
    await writeFile(path, (await readFile(path)).subarray(0, -1));
    await expect(readPeftAdapter(folder, { id: "x" })).rejects.toThrow(
      failure("data", "cut/adapter_model.safetensors"),
    );
  });
});
