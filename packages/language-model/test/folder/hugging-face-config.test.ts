import { DataError } from "@haps/spec";
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
  it("fills in what transformers would", () => {
    expect(parse({})).toMatchObject({
      family: "llama",
      keyValueHeads: 4,
      headDim: 4,
      normEpsilon: 1e-6,
      ropeBase: 10_000,
      attentionBias: false,
      outputBias: false,
      tiedEmbeddings: false,
      endTokens: [],
    });
  });

  it("reads both spellings of the rotary settings", () => {
    const scaling = { factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 64 };
    const old = parse({ rope_theta: 5000, rope_scaling: llama3 });
    const now = parse({ rope_parameters: { ...llama3, rope_theta: 5000 } });
    expect(old).toMatchObject({ ropeBase: 5000, ropeScaling: scaling });
    expect(now).toEqual(old);
    expect(parse({ rope_scaling: null, rope_theta: 5000 })).not.toHaveProperty("ropeScaling");
    expect(parse({ rope_parameters: { rope_type: "default", rope_theta: 5000 } }).ropeBase).toBe(5000);
  });

  it("gives Llama biases of all four attention maps, Qwen2 of three", () => {
    expect(parse({ attention_bias: true })).toMatchObject({ attentionBias: true, outputBias: true });
    expect(parse({ model_type: "qwen2" })).toMatchObject({ attentionBias: true, outputBias: false });
    expect(parse({ mlp_bias: true }).mlpBias).toBe(true);
  });

  it("has Mistral's window, and Qwen2's only where it is switched off", () => {
    expect(parse({ model_type: "mistral", sliding_window: 8 }).slidingWindow).toBe(8);
    expect(parse({ model_type: "mistral", sliding_window: null }).slidingWindow).toBeUndefined();
    expect(parse({ model_type: "qwen2", sliding_window: 8, use_sliding_window: false }).slidingWindow).toBeUndefined();
  });

  it("joins the end tokens of both files", () => {
    expect(parse({ eos_token_id: 2 }, { eos_token_id: [2, 5] }).endTokens).toEqual([2, 5]);
    expect(parse({ eos_token_id: [7] }).endTokens).toEqual([7]);
    expect(parse({ eos_token_id: null, bos_token_id: 1 })).toMatchObject({ endTokens: [], beginToken: 1 });
  });

  it.each([
    ["another architecture", { model_type: "gpt2" }, "model_type"],
    ["no architecture", { model_type: undefined }, "model_type"],
    ["another activation", { hidden_act: "gelu" }, "hidden_act"],
    ["another rotary scaling", { rope_scaling: { type: "yarn", factor: 2 } }, "rope_scaling.rope_type"],
    ["a rotary scaling without its numbers", { rope_parameters: { rope_type: "llama3" } }, "rope_parameters"],
    [
      "Qwen2's sliding window",
      { model_type: "qwen2", use_sliding_window: true, sliding_window: 8 },
      "use_sliding_window",
    ],
    ["quantised weights", { quantization_config: { bits: 4 } }, "quantization_config"],
    ["a mixture of experts", { num_local_experts: 8 }, "num_local_experts"],
    ["a partial rotation", { partial_rotary_factor: 0.5 }, "partial_rotary_factor"],
    ["a missing size", { hidden_size: undefined }, "hidden_size"],
    ["a size of a wrong type", { vocab_size: "64" }, "vocab_size"],
    ["no layers", { num_hidden_layers: 0 }, "num_hidden_layers"],
  ])("refuses %s, naming file and field", (_name, changes, field) => {
    expect(() => parse(changes)).toThrow(DataError);
    expect(() => parse(changes)).toThrow(new RegExp(`^m/config.json, field "${field}"`));
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
});
