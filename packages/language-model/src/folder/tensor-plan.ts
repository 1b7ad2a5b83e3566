import type { ModelConfig } from "../model/model-config.ts";
import { attentionWidths, EMBEDDING, FINAL_NORM, HEAD, layerNames } from "../model/parameter-layout.ts";

/** Where a tensor of a Hugging Face folder stands in a model. */
export interface TensorPlace {
  /** Name in the file. */
  readonly tensor: string;
  /** Shape in the file; matrices are `[out, in]` there. */
  readonly shape: readonly number[];
  /** Name of the variable, and its shape. */
  readonly variable: string;
  readonly variableShape: readonly number[];
  /** A kernel is `[in, columns]`: the tensor is transposed into the columns from this one on. Absent: copied as it is. */
  readonly column?: number;
  /** A fused bias: the tensor is copied to the elements from this one on. Default 0. */
  readonly offset?: number;
}

/** Every tensor of a model in Hugging Face's layout, in the order of computation. */
export function tensorPlan(config: ModelConfig): readonly TensorPlace[] {
  const { dim, vocabulary } = config;
  const embedding = { tensor: "model.embed_tokens.weight", shape: [vocabulary, dim] };
  const head = { tensor: HEAD_TENSOR, shape: [vocabulary, dim], variable: HEAD, variableShape: [dim, vocabulary] };
  return [
    { ...embedding, variable: EMBEDDING, variableShape: [vocabulary, dim] },
    ...Array.from({ length: config.layers }, (_, layer) => layerPlan(config, layer)).flat(),
    { tensor: "model.norm.weight", shape: [dim], variable: FINAL_NORM, variableShape: [dim] },
    ...(config.tiedEmbeddings ? [] : [{ ...head, column: 0 }]),
  ];
}

/** Name of the head's weights; in a model with tied embeddings they may repeat the embedding. */
export const HEAD_TENSOR = "lm_head.weight";

function layerPlan(config: ModelConfig, layer: number): readonly TensorPlace[] {
  const { dim, hidden, attentionBias, outputBias, mlpBias } = config;
  const { query, key } = attentionWidths(config);
  const names = layerNames(layer);
  const prefix = `model.layers.${layer}`;
  /** Maps of one input that lie side by side in one kernel. */
  const affine = (
    variable: string,
    inputs: number,
    maps: readonly (readonly [tensor: string, outputs: number])[],
    bias: boolean,
  ): TensorPlace[] => {
    const columns = maps.reduce((sum, [, outputs]) => sum + outputs, 0);
    let at = 0;
    return maps.flatMap(([map, outputs]) => {
      const column = at;
      at += outputs;
      const kernel = { variable: `${variable}/kernel`, variableShape: [inputs, columns], column };
      const offsets = { variable: `${variable}/bias`, variableShape: [columns], offset: column };
      return [
        { tensor: `${prefix}.${map}.weight`, shape: [outputs, inputs], ...kernel },
        ...(bias ? [{ tensor: `${prefix}.${map}.bias`, shape: [outputs], ...offsets }] : []),
      ];
    });
  };
  const norm = (tensor: string, variable: string): TensorPlace => ({
    tensor: `${prefix}.${tensor}.weight`,
    shape: [dim],
    variable,
    variableShape: [dim],
  });
  const attention = [
    ["self_attn.q_proj", query],
    ["self_attn.k_proj", key],
    ["self_attn.v_proj", key],
  ] as const;
  const gates = [
    ["mlp.gate_proj", hidden],
    ["mlp.up_proj", hidden],
  ] as const;
  return [
    norm("input_layernorm", names.attentionNorm),
    ...affine(names.attention, dim, attention, attentionBias),
    ...affine(names.output, query, [["self_attn.o_proj", dim]], outputBias),
    norm("post_attention_layernorm", names.mlpNorm),
    ...affine(names.gateUp, dim, gates, mlpBias),
    ...affine(names.down, hidden, [["mlp.down_proj", dim]], mlpBias),
  ];
}

/** Copies a tensor of a file to its place among the values of its variable. */
export function placeTensor(into: Float32Array, place: TensorPlace, values: Float32Array): void {
  if (place.column === undefined) {
    into.set(values, place.offset ?? 0);
    return;
  }
  const [outputs, inputs] = place.shape as readonly [number, number];
  const [, width] = place.variableShape as readonly [number, number];
  for (let output = 0; output < outputs; output += 1) {
    for (let input = 0; input < inputs; input += 1) {
      into[input * width + place.column + output] = values[output * inputs + input] as number;
    }
  }
}

/** The other way: a tensor as a file holds it, from the values of its variable. */
export function takeTensor(from: Float32Array, place: TensorPlace): Float32Array {
  if (place.column === undefined) {
    const start = place.offset ?? 0;
    return from.slice(start, start + sizeOf(place.shape));
  }
  const [outputs, inputs] = place.shape as readonly [number, number];
  const [, width] = place.variableShape as readonly [number, number];
  const values = new Float32Array(outputs * inputs);
  for (let output = 0; output < outputs; output += 1) {
    for (let input = 0; input < inputs; input += 1) {
      values[output * inputs + input] = from[input * width + place.column + output] as number;
    }
  }
  return values;
}

/** Numbers of a tensor. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
