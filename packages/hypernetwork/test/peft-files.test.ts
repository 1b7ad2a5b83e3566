import { fromPeftFiles, toPeftFiles } from "@haps/hypernetwork";
import type { LoraFactors, LoraTarget, LoraWeights } from "@haps/spec";
import { createRng, type NamedArray } from "@haps/tensor";
import { expectClose } from "@haps/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { handmade, readPeftCases } from "./peft-support.ts";

const PROJECTIONS = ["q", "k", "v", "o", "gate", "up", "down"] as const;
const CASES = readPeftCases();
const MODULE = "base_model.model.model.layers.0.self_attn.q_proj";

const failure = (code: string, ...texts: string[]) =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(
      new RegExp(texts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*"), "s"),
    ) as unknown,
  }) as Error;

function factors(target: LoraTarget, seed = 1): LoraFactors {
  const rng = createRng(seed).fork(`${target.layer} ${target.projection}`);
  const down = rng.fork("down").normals(target.rank * target.in);
  return { target, down, up: rng.fork("up").normals(target.out * target.rank) };
}

const configOf = (weights: LoraWeights): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(toPeftFiles(weights).config)) as Record<string, unknown>;

describe("toPeftFiles", () => {
  it.each(CASES.filter(({ madeBy }) => madeBy === "haps"))(
    "writes byte for byte what PEFT was shown: $name",
    ({ weights, baseModel, files }) => {
      const written = toPeftFiles(weights, { baseModel });
      expect(new TextDecoder().decode(written.config)).toBe(new TextDecoder().decode(files.config));
      expect(Buffer.from(written.model).equals(Buffer.from(files.model))).toBe(true);
    },
  );

  it("does not depend on the order of the targets or on the id, and leaves the weights as they are", () => {
    const [, several] = CASES;
    const { weights, baseModel } = several as (typeof CASES)[number];
    const up = weights.targets.map((entry) => entry.up.slice());
    const reversed = { ...weights, id: "other", targets: [...weights.targets].reverse() };
    expect(toPeftFiles(reversed, { baseModel })).toEqual(toPeftFiles(weights, { baseModel }));
    expect(weights.targets.map((entry) => entry.up)).toEqual(up);
  });

  it("names projections and layers where the targets are every pair of them, single modules where they are not", () => {
    const at = (layer: number, projection: LoraTarget["projection"]) =>
      factors({ layer, projection, in: 2, out: 2, rank: 2 });
    const every = [at(3, "v"), at(1, "v"), at(1, "down"), at(3, "down")];
    expect(configOf({ id: "x", targets: every, scale: 1 })).toMatchObject({
      target_modules: ["down_proj", "v_proj"],
      layers_to_transform: [1, 3],
      lora_alpha: 2,
      r: 2,
      rank_pattern: {},
    });
    expect(configOf({ id: "x", targets: every.slice(1), scale: 1 })).toMatchObject({
      target_modules: ["layers.1.self_attn.v_proj", "layers.1.mlp.down_proj", "layers.3.mlp.down_proj"],
      layers_to_transform: null,
    });
  });

  it("rounds to the dtype that is asked for, and refuses what it cannot hold", () => {
    const target: LoraTarget = { layer: 0, projection: "q", in: 1, out: 1, rank: 1 };
    const weights = { id: "x", targets: [{ target, down: Float32Array.of(0.1), up: Float32Array.of(7e5) }], scale: 1 };
    const { targets } = fromPeftFiles(toPeftFiles(weights, { dtype: "bf16" }), { id: "x" });
    expect(targets[0]?.down[0]).toBe(0.10009765625);
    expect(() => toPeftFiles(weights, { dtype: "f16" })).toThrow(failure("non-finite", "lora_B", "f16"));
  });

  it("refuses weights that make no adapter, by name", () => {
    const target: LoraTarget = { layer: 2, projection: "k", in: 2, out: 3, rank: 1 };
    const good = factors(target);
    const write = (change: Partial<LoraWeights>) => () =>
      toPeftFiles({ id: "mine", targets: [good], scale: 1, ...change });
    const changed = (change: object): LoraFactors => ({ ...good, target: { ...target, ...change } });
    expect(write({ targets: [] })).toThrow(failure("config", '"mine" have no targets'));
    expect(write({ targets: [good, good] })).toThrow(failure("config", "layer 2 k twice"));
    expect(write({ targets: [changed({ projection: "x" })] })).toThrow(failure("config", 'projection "x"'));
    expect(write({ targets: [changed({ layer: -1 })] })).toThrow(failure("config", "layer -1 k"));
    expect(write({ targets: [changed({ rank: 0.5 })] })).toThrow(failure("config", "rank 0.5"));
    expect(write({ targets: [changed({ in: 3 })] })).toThrow(failure("shape", "layer 2 k down has shape [2]"));
    expect(write({ scale: Number.NaN })).toThrow(failure("non-finite", "scale", "NaN"));
    const bad = { ...good, up: Float32Array.of(0, Number.NaN, 0) };
    expect(write({ targets: [bad] })).toThrow(failure("non-finite", "layer 2 k up has NaN at position 1"));
    expect(write({ targets: [{ ...good, up: Float32Array.of(0, 1e38, 0) }], scale: 1e3 })).toThrow(
      failure("non-finite", "layers.2.self_attn.k_proj.lora_B.weight has Infinity at position 1"),
    );
  });
});

describe("fromPeftFiles", () => {
  it.each(CASES)("reads the numbers behind the files, made by $madeBy: $name", ({ name, weights, files }) => {
    const read = fromPeftFiles(files, { id: name });
    expect(read.targets).toHaveLength(weights.targets.length);
    for (const { target, down, up } of weights.targets) {
      const found = read.targets.find(
        (entry) => entry.target.layer === target.layer && entry.target.projection === target.projection,
      );
      expect(found?.target).toEqual(target);
      expect(found?.down).toEqual(down);
      expectClose(
        found?.up.map((value) => value * read.scale) ?? [],
        up.map((value) => value * weights.scale),
      );
    }
  });

  it("gives back what was written, the scale multiplied into up, for any targets", () => {
    const targets = fc
      .uniqueArray(fc.tuple(fc.nat(120), fc.constantFrom(...PROJECTIONS)), {
        minLength: 1,
        maxLength: 8,
        selector: (pair) => pair.join(),
      })
      .chain((pairs) => {
        const size = fc.integer({ min: 1, max: 5 });
        return fc.tuple(
          ...pairs.map(([layer, projection]) =>
            fc.record({
              layer: fc.constant(layer),
              projection: fc.constant(projection),
              in: size,
              out: size,
              rank: size,
            }),
          ),
        );
      });
    const scales = fc.double({ min: -4, max: 4, noNaN: true });
    fc.assert(
      fc.property(targets, scales, (list, scale) => {
        const weights = { id: "x", targets: list.map((target) => factors(target)), scale };
        const order = (target: LoraTarget): number => 10 * target.layer + PROJECTIONS.indexOf(target.projection);
        const expected = [...weights.targets]
          .sort((left, right) => order(left.target) - order(right.target))
          .map((entry) => ({ ...entry, up: entry.up.map((value) => value * scale) }));
        expect(fromPeftFiles(toPeftFiles(weights), { id: "x" })).toEqual({ id: "x", targets: expected, scale: 1 });
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  it.each<[string, Record<string, unknown>, number]>([
    ["alpha over rank", { lora_alpha: 6, r: 4 }, 1.5],
    ["alpha over the root of the rank", { lora_alpha: 6, r: 4, use_rslora: true }, 3],
    ["the alpha of a module", { lora_alpha: 6, r: 4, alpha_pattern: { q_proj: 2 } }, 0.5],
    ["the alpha and rank of a module", { lora_alpha: 6, r: 9, rank_pattern: { "self_attn.q_proj": 4 } }, 1.5],
    ["the module's whole name", { lora_alpha: 6, r: 4, alpha_pattern: { "^model.layers.0.self_attn.q_proj": 8 } }, 2],
    [
      "no module of a name that only ends alike",
      { lora_alpha: 6, r: 4, alpha_pattern: { "1.self_attn.q_proj": 8, proj: 8 } },
      1.5,
    ],
    [
      "the first of several patterns",
      { lora_alpha: 6, r: 4, alpha_pattern: { q_proj: 2, "0.self_attn.q_proj": 8 } },
      0.5,
    ],
    ["an alpha of 0", { lora_alpha: 0, r: 4 }, 0],
  ])("scales by %s", (_case, config, scale) => {
    const tensors = {
      [`${MODULE}.lora_A.weight`]: { shape: [4, 2], values: new Float32Array(8).fill(1) },
      [`${MODULE}.lora_B.weight`]: { shape: [3, 4], values: new Float32Array(12).fill(1) },
    };
    const read = fromPeftFiles(handmade(config, tensors), { id: "x" });
    expect(read.scale).toBe(scale);
    expect(read.targets[0]?.up).toEqual(new Float32Array(12).fill(1));
  });

  it("reads an adapter of a model without its head", () => {
    const tensors = {
      [`${MODULE}.lora_A.weight`]: undefined,
      [`${MODULE}.lora_B.weight`]: undefined,
      "base_model.model.layers.11.mlp.down_proj.lora_A.weight": { shape: [1, 1], values: Float32Array.of(2) },
      "base_model.model.layers.11.mlp.down_proj.lora_B.weight": { shape: [1, 1], values: Float32Array.of(3) },
    };
    const { targets } = fromPeftFiles(handmade({}, tensors), { id: "x" });
    expect(targets.map(({ target }) => target)).toEqual([{ layer: 11, projection: "down", in: 1, out: 1, rank: 1 }]);
  });

  it.each<[string, unknown]>([
    ["use_dora", true],
    ["bias", "all"],
    ["lora_bias", true],
    ["modules_to_save", ["lm_head"]],
    ["fan_in_fan_out", true],
    ["trainable_token_indices", [1]],
    ["layer_replication", [[0, 2]]],
    ["target_parameters", ["x"]],
    ["alora_invocation_tokens", [1, 2]],
    ["use_qalora", true],
    ["corda_config", { corda_method: "kpm" }],
    ["an_option_of_tomorrow", 1],
    ["peft_type", "LOHA"],
    ["init_lora_weights", "pissa"],
    ["use_rslora", "yes"],
    ["r", 1.5],
    ["r", undefined],
    ["lora_alpha", "1"],
    ["rank_pattern", [1]],
    ["rank_pattern", { "q_(proj|x)": 2 }],
    ["alpha_pattern.q_proj", undefined],
  ])("refuses %s = %j by name", (field, value) => {
    const config = field.startsWith("alpha_pattern.") ? { alpha_pattern: { q_proj: null } } : { [field]: value };
    expect(() => fromPeftFiles(handmade(config), { id: "x", source: "folder" })).toThrow(
      failure("data", "folder/adapter_config.json", `field "${field}"`),
    );
  });

  it.each<[string, Record<string, NamedArray | undefined>, string, string]>([
    ["a factor without its partner", { [`${MODULE}.lora_B.weight`]: undefined }, "lora_B.weight", "is missing"],
    [
      "a rank that is not the configuration's",
      { [`${MODULE}.lora_A.weight`]: { shape: [2, 2], values: new Float32Array(4) } },
      "lora_A.weight",
      "has shape [2, 2]; the configuration's rank asks for [1, in]",
    ],
    [
      "an empty factor",
      { [`${MODULE}.lora_B.weight`]: { shape: [0, 1], values: new Float32Array(0) } },
      "lora_B.weight",
      "has shape [0, 1]",
    ],
    [
      "a number that is not finite",
      { [`${MODULE}.lora_A.weight`]: { shape: [1, 2], values: Float32Array.of(0, Number.NaN) } },
      "lora_A.weight",
      "has NaN at position 1",
    ],
    [
      "DoRA's magnitudes",
      { [`${MODULE}.lora_magnitude_vector`]: { shape: [3], values: new Float32Array(3) } },
      "lora_magnitude_vector",
      "is no LoRA factor of a known projection",
    ],
    [
      "another module",
      { "base_model.model.lm_head.lora_A.weight": { shape: [1, 2], values: new Float32Array(2) } },
      "lm_head.lora_A.weight",
      "is no LoRA factor",
    ],
    [
      "a module twice",
      { "base_model.model.layers.0.self_attn.q_proj.lora_A.weight": { shape: [1, 2], values: new Float32Array(2) } },
      "q_proj.lora_A.weight",
      "a second time",
    ],
    [
      "no tensors",
      { [`${MODULE}.lora_A.weight`]: undefined, [`${MODULE}.lora_B.weight`]: undefined },
      "adapter_model.safetensors",
      "has no tensors",
    ],
  ])("refuses %s, naming the tensor", (_case, tensors, name, text) => {
    expect(() => fromPeftFiles(handmade({}, tensors), { id: "x" })).toThrow(
      failure("data", "adapter_model.safetensors", text),
    );
    expect(() => fromPeftFiles(handmade({}, tensors), { id: "x" })).toThrow(failure("data", name));
  });

  it("refuses a configuration that is no object in JSON", () => {
    const { model } = handmade();
    for (const text of ["", "{", "[1]", "null", "\ud800"]) {
      const config = text === "\ud800" ? Uint8Array.of(0xff) : new TextEncoder().encode(text);
      expect(() => fromPeftFiles({ config, model }, { id: "x" })).toThrow(failure("data", "adapter_config.json"));
    }
  });
});
