import { DataError } from "@haps/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseHuggingFaceConfig } from "../../src/index.ts";

const files = { config: "m/config.json", generation: "m/generation_config.json" };
const base = {
  model_type: "llama",
  vocab_size: 64,
  hidden_size: 16,
  intermediate_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 128,
};
const llama3 = {
  rope_type: "llama3",
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 64,
};

function parse(changes: object, generation?: object) {
  const texts = { config: JSON.stringify({ ...base, ...changes }), files };
  return parseHuggingFaceConfig(
    generation === undefined ? texts : { ...texts, generation: JSON.stringify(generation) },
  );
}

describe("parseHuggingFaceConfig", () => {
  it("fills in what transformers would, family by family", () => {
    const absent = { num_key_value_heads: undefined, num_attention_heads: 8 };
    expect(parse(absent)).toMatchObject({
      family: "llama",
      keyValueHeads: 8,
      headDim: 2,
      normEpsilon: 1e-6,
      ropeBase: 10_000,
      attentionBias: false,
      outputBias: false,
      tiedEmbeddings: false,
      beginToken: 1,
      endTokens: [2],
    });
    const mistral = parse({ ...absent, model_type: "mistral", num_attention_heads: 16, head_dim: 4 });
    expect(mistral).toMatchObject({ keyValueHeads: 8, slidingWindow: 4096, beginToken: 1, endTokens: [2] });
    const qwen2 = parse({ ...absent, model_type: "qwen2", num_attention_heads: 64, head_dim: 4 });
    expect(qwen2).toMatchObject({ keyValueHeads: 32, tiedEmbeddings: false, endTokens: [] });
    expect(qwen2).not.toHaveProperty("beginToken");
    expect(parse({ num_key_value_heads: null, model_type: "qwen2" }).keyValueHeads).toBe(4);
  });

  it("reads both spellings of the rotary settings", () => {
    const scaling = { factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 64 };
    const old = parse({ rope_theta: 5000, rope_scaling: llama3 });
    const now = parse({ rope_parameters: { ...llama3, rope_theta: 5000 } });
    expect(old).toMatchObject({ ropeBase: 5000, ropeScaling: scaling });
    expect(now).toEqual(old);
    expect(parse({ rope_scaling: null, rope_theta: 5000 })).not.toHaveProperty("ropeScaling");
    expect(parse({ rope_parameters: { rope_type: "default", rope_theta: 5000 } }).ropeBase).toBe(5000);
    expect(parse({ rope_scaling: llama3, rope_parameters: { rope_type: "default" }, rope_theta: 5000 })).toEqual(old);
    const { original_max_position_embeddings: _context, ...rest } = llama3;
    expect(parse({ rope_scaling: rest }).ropeScaling?.originalContext).toBe(128);
  });

  it("gives Llama biases of all four attention maps, Qwen2 of three", () => {
    expect(parse({ attention_bias: true })).toMatchObject({ attentionBias: true, outputBias: true });
    expect(parse({ model_type: "qwen2" })).toMatchObject({ attentionBias: true, outputBias: false });
    expect(parse({ mlp_bias: true }).mlpBias).toBe(true);
  });

  it("has Mistral's window, and Qwen2's only where it is switched off", () => {
    expect(parse({ model_type: "mistral", sliding_window: 8 }).slidingWindow).toBe(8);
    expect(parse({ model_type: "mistral", sliding_window: null }).slidingWindow).toBeUndefined();
    const qwen2 = { model_type: "qwen2", sliding_window: 8, use_sliding_window: true, max_window_layers: 1 };
    for (const off of [
      { use_sliding_window: false },
      { sliding_window: null },
      { max_window_layers: 2 },
      { layer_types: ["full_attention", "full_attention"] },
    ]) {
      expect(parse({ ...qwen2, ...off }).slidingWindow).toBeUndefined();
    }
  });

  it("joins the end tokens of both files", () => {
    expect(parse({ eos_token_id: 2 }, { eos_token_id: [2, 5] }).endTokens).toEqual([2, 5]);
    expect(parse({ eos_token_id: [7] }).endTokens).toEqual([7]);
    expect(parse({ eos_token_id: null, bos_token_id: 1 })).toMatchObject({ endTokens: [], beginToken: 1 });
    expect(parse({}, { eos_token_id: 5 }).endTokens).toEqual([5]);
    expect(parse({ bos_token_id: null })).not.toHaveProperty("beginToken");
  });

  it.each([
    ["another architecture", { model_type: "gpt2" }, "model_type"],
    ["no architecture", { model_type: undefined }, "model_type"],
    ["an inherited name as architecture", { model_type: "constructor" }, "model_type"],
    ["a classifier of the family", { architectures: ["LlamaForSequenceClassification"] }, "architectures"],
    ["another activation", { hidden_act: "gelu" }, "hidden_act"],
    ...["linear", "dynamic", "yarn", "longrope", "invented"].flatMap((type): [string, object, string][] => [
      [`rotary scaling ${type}`, { rope_scaling: { type, factor: 2 } }, `rope_scaling.rope_type": is "${type}`],
      [`rotary scaling ${type} of now`, { rope_parameters: { rope_type: type } }, "rope_parameters.rope_type"],
    ]),
    ["a rotary scaling that is upside down", { rope_scaling: { ...llama3, low_freq_factor: 4 } }, "rope_scaling"],
    ["a rotary scaling without its numbers", { rope_parameters: { rope_type: "llama3" } }, "rope_parameters"],
    [
      "Qwen2's sliding window",
      { model_type: "qwen2", use_sliding_window: true, sliding_window: 8, max_window_layers: 1 },
      "use_sliding_window",
    ],
    [
      "windows of some layers",
      { model_type: "mistral", sliding_window: 8, layer_types: ["sliding_attention", "full_attention"] },
      "layer_types",
    ],
    ["compressed weights", { compression_config: {} }, "compression_config"],
    ["quantised weights", { quantization_config: { bits: 4 } }, "quantization_config"],
    ["a mixture of experts", { num_local_experts: 8 }, "num_local_experts"],
    ["a partial rotation", { partial_rotary_factor: 0.5 }, "partial_rotary_factor"],
    ["a partial rotation of now", { rope_parameters: { partial_rotary_factor: 0.5 } }, "rope_parameters.partial"],
    ["a missing size", { hidden_size: undefined }, "hidden_size"],
    ["a size of a wrong type", { vocab_size: "64" }, "vocab_size"],
    ["no layers", { num_hidden_layers: 0 }, "num_hidden_layers"],
    ["more layers than can be", { num_hidden_layers: 1e9 }, "num_hidden_layers"],
  ])("refuses %s, naming file and field", (_name, changes, field) => {
    expect(() => parse(changes)).toThrow(DataError);
    expect(() => parse(changes)).toThrow(new RegExp(`^m/config.json, field "${field}`));
  });

  it("names the file where sizes do not fit together", () => {
    expect(() => parse({ num_attention_heads: 3 })).toThrow(/^m\/config\.json: .*heads/);
    expect(() => parse({ eos_token_id: 64 })).toThrow(/^m\/config\.json: .*outside the vocabulary/);
  });

  it("names the file that is not JSON or no object", () => {
    expect(() => parseHuggingFaceConfig({ config: "{", files })).toThrow(/^m\/config\.json: is not JSON/);
    expect(() => parseHuggingFaceConfig({ config: "[]", files })).toThrow(/^m\/config\.json: holds \[\]/);
    expect(() => parse({}, { eos_token_id: "x" })).toThrow(/^m\/generation_config\.json, field "eos_token_id"/);
  });

  it("accepts the spelling of early conversions and fields that it does not know", () => {
    expect(parse({ architectures: ["LLaMAForCausalLM"], pretraining_tp: 2, _name: { a: [] } }).family).toBe("llama");
  });

  it("gives a shape or an error that names the file, whatever a field holds", () => {
    const fields = [...Object.keys(base), "rope_scaling", "rope_parameters", "eos_token_id", "layer_types", "head_dim"];
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.jsonValue(), (field, value) => {
        expectShapeOrError(JSON.stringify({ ...base, [field]: value }));
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it("gives an error that names the file, wherever the text ends and however deep it nests", () => {
    const text = JSON.stringify(base);
    for (let end = 0; end < text.length; end += 1) expectShapeOrError(text.slice(0, end));
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    expectShapeOrError(deep);
    expectShapeOrError(`{"model_type":"llama","quantization_config":${deep}}`);
    expectShapeOrError(`{"model_type":${deep}}`);
  });
});

function expectShapeOrError(config: string): void {
  try {
    expect(parseHuggingFaceConfig({ config, files }).family).toBe("llama");
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).location.file).toBe("m/config.json");
  }
}
